import { z } from 'zod';
import { login } from '../../domain/login.ts';
import { challengeLifetimeSeconds } from '../../domain/login-challenge.ts';
import { refresh } from '../../domain/refresh.ts';
import { deliveryRefusal, presentedRefreshToken, tokenAnswer, withoutCookie } from '../browser-sessions.ts';
import { postponed, problem } from '../problem.ts';
import { bearerRoute, publicRoute } from '../route.ts';
import {
  loginForbidden,
  loginRequest,
  logoutRequest,
  pageBody,
  pageQuery,
  problemResponse,
  refreshRequest,
  sessionBody,
  sessionListResponse,
  tokenResponse,
} from '../schemas.ts';
import { countingOutage, turnedAway } from './login-ends.ts';
import { passwordChangeNeeded } from './password-change-answer.ts';

export const loginRoute = publicRoute(
  {
    method: 'post',
    path: '/v1/login',
    operation: 'login',
    summary: 'Open a session with a user name and a password',
    body: loginRequest,
    answers: {
      200: { description: 'The tokens of the new session.', schema: tokenResponse },
      429: { description: 'Come back after Retry-After.', schema: problemResponse },
      403: {
        description:
          'The password was right; a second factor or another password is asked for. Or a cookie was, by no page of an allowed origin.',
        schema: loginForbidden,
      },
      401: { description: 'The same for an unknown user and a wrong password.', schema: problemResponse },
    },
  },
  async ({ body, browser, clientAddress, clientNetwork, userAgent, signal, event }, ports) => {
    const { refresh_token_delivery: delivery = 'body', ...credentials } = body;
    const refusal = deliveryRefusal(delivery, browser, ports);
    if (refusal !== undefined) {
      // Whoever likes may be refused so, as often as they like: it tells nothing of an account.
      event.settle();
      return refusal;
    }
    const overloaded = turnedAway(ports);
    if (overloaded !== undefined) return overloaded;
    const attempt = { ...credentials, clientAddress, clientNetwork, userAgent, signal, event };
    const outcome = await countingOutage(login(attempt, ports), ports);
    switch (outcome.kind) {
      case 'loggedIn':
        ports.metrics.authenticated('none');
        return tokenAnswer(outcome.tokens, delivery, ports.lifetimes);
      case 'secondFactorNeeded': {
        ports.metrics.authenticated('second_factor_needed');
        const extensions = { mfa_token: outcome.token, expires_in: challengeLifetimeSeconds };
        return problem(outcome.isEnrolled ? 'mfa_required' : 'mfa_enrollment_required', { extensions });
      }
      case 'passwordChangeNeeded':
        ports.metrics.authenticated('password_change_needed');
        return passwordChangeNeeded(outcome.token);
      case 'refused':
        ports.metrics.authenticated(outcome.reason);
        event.about({ error: outcome.reason });
        return problem('invalid_credentials');
      case 'limited':
      case 'overloaded':
      case 'abandoned':
        ports.metrics.authenticated(outcome.kind);
        return postponed(outcome);
    }
  },
);

export const refreshRoute = publicRoute(
  {
    method: 'post',
    path: '/v1/refresh',
    operation: 'refresh',
    summary: 'Exchange a refresh token for new tokens',
    takesRefreshCookie: true,
    body: refreshRequest,
    answers: {
      200: { description: 'New tokens; the refresh token presented has been used.', schema: tokenResponse },
      401: {
        description: 'The token is not valid, or was used before and its session has ended.',
        schema: problemResponse,
      },
    },
  },
  async ({ body, browser, event }, ports) => {
    const presented = presentedRefreshToken(body.refresh_token, browser, ports);
    const token = presented.kind === 'presented' ? presented.token : undefined;
    const outcome = token === undefined ? undefined : await refresh(token, ports, event);
    // Sessions tell when they were used last, and nonsense tells nothing: only what ended a session is for the log.
    if (outcome?.kind === 'refused' && outcome.reason === 'reused_token') event.about({ error: outcome.reason });
    else event.settle();
    if (presented.kind === 'refused') return presented.answer;
    if (outcome?.kind === 'refreshed') return tokenAnswer(outcome.tokens, presented.delivery, ports.lifetimes);
    const refusal = problem('invalid_refresh_token');
    return presented.delivery === 'cookie' ? withoutCookie(refusal) : refusal;
  },
);

export const logoutRoute = publicRoute(
  {
    method: 'post',
    path: '/v1/logout',
    operation: 'logout',
    summary: 'End the session of a refresh token',
    takesRefreshCookie: true,
    body: logoutRequest,
    answers: { 204: { description: 'The session has ended, now or before; nothing is said of an unknown token.' } },
  },
  async ({ body, browser, event }, ports) => {
    const presented = presentedRefreshToken(body.refresh_token, browser, ports);
    const token = presented.kind === 'presented' ? presented.token : undefined;
    const ended =
      token === undefined
        ? undefined
        : await ports.sessions.endByRefreshToken(ports.refreshTokens.hash(token), 'logout');
    if (ended === undefined) event.settle();
    else event.about({ actorId: ended.userId, subjectId: ended.userId, sessionId: ended.sessionId });
    if (presented.kind === 'refused') return presented.answer;
    return presented.delivery === 'cookie' ? withoutCookie({ status: 204 }) : { status: 204 };
  },
);

export const listSessionsRoute = bearerRoute(
  {
    method: 'get',
    path: '/v1/sessions',
    operation: 'list_sessions',
    summary: 'The live sessions of the account, the youngest first',
    query: pageQuery,
    answers: { 200: { description: 'A page of sessions.', schema: sessionListResponse } },
  },
  async ({ query: { cursor: after, limit } }, { userId, sessionId }, ports) => {
    const sessions = await ports.sessions.list(userId, { after, limit });
    const items = sessions.map((session) => sessionBody(session, sessionId));
    return { status: 200, body: pageBody(items, limit) };
  },
);

export const endSessionRoute = bearerRoute(
  {
    method: 'delete',
    path: '/v1/sessions/{id}',
    operation: 'end_session',
    summary: 'End one session of the account',
    endsSessions: true,
    parameters: { id: z.uuid() },
    answers: {
      204: { description: 'It has ended.' },
      404: { description: 'The account has no such live session.', schema: problemResponse },
    },
  },
  async ({ parameter }, { userId }, ports) => {
    const ended = await ports.sessions.endOfUser(parameter('id'), userId, 'revoked');
    return ended ? { status: 204 } : problem('not_found');
  },
);

export const endAllSessionsRoute = bearerRoute(
  {
    method: 'delete',
    path: '/v1/sessions',
    operation: 'end_all_sessions',
    summary: 'Log out everywhere, here too',
    endsSessions: true,
    answers: { 204: { description: 'Every session of the account has ended.' } },
  },
  async (_, { userId }, ports) => {
    await ports.sessions.endAllOfUser(userId, 'revoked');
    return { status: 204 };
  },
);
