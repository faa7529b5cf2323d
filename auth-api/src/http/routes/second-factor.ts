import { z } from 'zod';
import { checkCode, renewRecoveryCodes, startEnrollment } from '../../domain/second-factor.ts';
import { comeBackLater, problem, stepUpNeeded, unauthenticated } from '../problem.ts';
import { bearerRoute, type Route } from '../route.ts';
import { problemResponse } from '../schemas.ts';
import {
  code,
  enrollmentAnswer,
  enrollmentResponse,
  limited,
  recoveryCodes,
  wrongCode,
} from './second-factor-answers.ts';

const codeRequest = z.strictObject({ code }).meta({ id: 'SecondFactorCode' });
const recoveryCodesResponse = z.object({ recovery_codes: recoveryCodes }).meta({ id: 'RecoveryCodes' });
const stateResponse = z
  .object({ is_enabled: z.boolean(), is_required: z.boolean(), recovery_codes_left: z.int() })
  .meta({ id: 'SecondFactor' });

const secondFactorRoute = bearerRoute(
  {
    method: 'get',
    path: '/v1/me/second-factor',
    operation: 'get_second_factor',
    summary: 'Whether logins ask for a code',
    answers: { 200: { description: 'The state.', schema: stateResponse } },
  },
  async (_, { userId }, ports) => {
    const state = await ports.secondFactors.find(userId);
    if (state === undefined) return unauthenticated(true);
    const { factor, isRequired } = state;
    const body: z.output<typeof stateResponse> = {
      is_enabled: factor?.isConfirmed === true,
      is_required: isRequired,
      recovery_codes_left: factor?.recoveryCodesLeft ?? 0,
    };
    return { status: 200, body };
  },
);

const startEnrollmentRoute = bearerRoute(
  {
    method: 'post',
    path: '/v1/me/second-factor',
    operation: 'start_second_factor',
    summary: 'Get a secret for an authenticator; it counts once a code of it was shown',
    needsStepUp: true,
    answers: {
      200: { description: 'Shown this once.', schema: enrollmentResponse },
      409: { description: 'There is a second factor already.', schema: problemResponse },
    },
  },
  async (_, { userId }, ports) => {
    const state = await ports.secondFactors.find(userId);
    if (state === undefined) return unauthenticated(true);
    const account = { userId, username: state.username, service: ports.serviceName };
    const enrollment = await startEnrollment(account, ports);
    return enrollment === undefined ? problem('mfa_enrolled') : enrollmentAnswer(enrollment);
  },
);

const confirmEnrollmentRoute = bearerRoute(
  {
    method: 'post',
    path: '/v1/me/second-factor/confirm',
    operation: 'confirm_second_factor',
    summary: 'Show the first code: from then on logins ask for one',
    body: codeRequest,
    answers: {
      200: { description: 'Codes for when the authenticator is lost.', schema: recoveryCodesResponse },
      409: { description: 'There is nothing to confirm.', schema: problemResponse },
      ...limited,
    },
  },
  async ({ body }, { userId, sessionId }, ports) => {
    const factor = (await ports.secondFactors.find(userId))?.factor;
    if (factor === undefined) return problem('mfa_not_enrolled');
    if (factor.isConfirmed) return problem('mfa_enrolled');
    const checked = await checkCode({ userId, factor, code: body.code, sessionId }, ports);
    if (checked.kind === 'limited') return comeBackLater('too_many_requests', checked.retryAfterSeconds);
    if (checked.kind === 'wrong') return problem('invalid_request', wrongCode);
    return { status: 200, body: { recovery_codes: checked.recoveryCodes ?? [] } };
  },
);

const removeSecondFactorRoute = bearerRoute(
  {
    method: 'delete',
    path: '/v1/me/second-factor',
    operation: 'remove_second_factor',
    summary: 'Log in without a second factor again',
    needsStepUp: true,
    answers: {
      204: { description: 'There is none, now or before.' },
      409: { description: 'A role of the account requires it.', schema: problemResponse },
    },
  },
  async (_, { userId, hasSecondFactor }, ports) => {
    if ((await ports.secondFactors.find(userId))?.isRequired === true) return problem('mfa_required_by_role');
    // One that was confirmed after the step-up of this session has not been shown by it.
    const removed = await ports.secondFactors.remove(userId, { alsoConfirmed: hasSecondFactor });
    return removed === 'confirmed' ? stepUpNeeded(ports.stepUpMaxAgeSeconds, true) : { status: 204 };
  },
);

const renewRecoveryCodesRoute = bearerRoute(
  {
    method: 'post',
    path: '/v1/me/second-factor/recovery-codes',
    operation: 'renew_recovery_codes',
    summary: 'Get other codes for recovery; those before are void',
    needsStepUp: true,
    answers: {
      200: { description: 'Shown this once.', schema: recoveryCodesResponse },
      409: { description: 'There is no second factor.', schema: problemResponse },
    },
  },
  async (_, claims, ports) => {
    const codes = await renewRecoveryCodes(claims, ports);
    return codes === undefined ? problem('mfa_not_enrolled') : { status: 200, body: { recovery_codes: codes } };
  },
);

export const secondFactorRoutes: readonly Route[] = [
  secondFactorRoute,
  startEnrollmentRoute,
  confirmEnrollmentRoute,
  removeSecondFactorRoute,
  renewRecoveryCodesRoute,
];
