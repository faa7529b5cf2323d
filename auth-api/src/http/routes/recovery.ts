import { requestReset, requestVerification, resetPassword, verifyEmail } from '../../domain/recovery.ts';
import { addressKey } from '../../domain/username.ts';
import { comeBackLater, postponed, problem } from '../problem.ts';
import { bearerRoute, publicRoute, type Route } from '../route.ts';
import { problemResponse, resetRequest, resetStartRequest, verificationRequest } from '../schemas.ts';

const limited = { 429: { description: 'Come back after Retry-After.', schema: problemResponse } };
const noMail = { 501: { description: 'This deployment sends no mail.', schema: problemResponse } };
const badToken = { errors: [{ pointer: '/token', detail: 'is not valid, was used, or has expired' }] };

const requestResetRoute = publicRoute(
  {
    method: 'post',
    path: '/v1/password-reset',
    operation: 'request_password_reset',
    summary: 'Have a link mailed with which a lost password can be replaced',
    body: resetStartRequest,
    answers: {
      202: { description: 'The same whether or not there is such an account with a verified address.' },
      ...limited,
      ...noMail,
    },
  },
  async ({ body: { identifier }, languages, clientNetwork, event }, ports) => {
    event.about({ presentedName: addressKey(identifier) });
    if (ports.mail === undefined) return problem('mail_not_configured');
    const outcome = await requestReset({ identifier, languages, clientNetwork }, ports, ports.mail);
    return outcome.kind === 'queued' ? { status: 202 } : comeBackLater('too_many_requests', outcome.retryAfterSeconds);
  },
);

const resetPasswordRoute = publicRoute(
  {
    method: 'post',
    path: '/v1/password-reset/confirm',
    operation: 'reset_password',
    summary: 'Set another password with the token that was mailed, and end every session',
    endsSessions: true,
    body: resetRequest,
    answers: { 204: { description: 'The password has changed.' }, ...limited },
  },
  async ({ body: { token, new_password: newPassword }, clientNetwork, signal, event }, ports) => {
    if (ports.overload.isOverloaded()) return comeBackLater('overloaded', 1);
    const outcome = await resetPassword({ token, newPassword, clientNetwork, signal, event }, ports);
    switch (outcome.kind) {
      case 'reset':
        return { status: 204 };
      case 'invalidToken':
        return problem('invalid_request', badToken);
      case 'passwordRefused':
        return problem('invalid_request', { errors: [{ pointer: '/new_password', detail: outcome.reason }] });
      case 'limited':
      case 'overloaded':
      case 'abandoned':
        return postponed(outcome);
    }
  },
);

const requestVerificationRoute = bearerRoute(
  {
    method: 'post',
    path: '/v1/me/email/verification',
    operation: 'request_email_verification',
    summary: 'Have a link mailed to the address of the account, which shows that it arrives',
    answers: {
      202: { description: 'Mail is on its way, if there is an address that is not verified yet.' },
      ...limited,
      ...noMail,
    },
  },
  async ({ languages }, { userId }, ports) => {
    if (ports.mail === undefined) return problem('mail_not_configured');
    const outcome = await requestVerification({ userId, languages }, ports, ports.mail);
    return outcome.kind === 'queued' ? { status: 202 } : comeBackLater('too_many_requests', outcome.retryAfterSeconds);
  },
);

const verifyEmailRoute = bearerRoute(
  {
    method: 'post',
    path: '/v1/me/email/verification/confirm',
    operation: 'verify_email',
    summary: 'Show with the token that was mailed that the address of the account is its own',
    body: verificationRequest,
    answers: {
      204: { description: 'The address is verified.' },
      409: { description: 'Another account has verified the same address.', schema: problemResponse },
    },
  },
  async ({ body: { token } }, { userId }, ports) => {
    switch (await verifyEmail({ userId, token }, ports)) {
      case 'verified':
        return { status: 204 };
      case 'taken':
        return problem('email_taken');
      case 'invalid':
        return problem('invalid_request', badToken);
    }
  },
);

export const recoveryRoutes: readonly Route[] = [
  requestResetRoute,
  resetPasswordRoute,
  requestVerificationRoute,
  verifyEmailRoute,
];
