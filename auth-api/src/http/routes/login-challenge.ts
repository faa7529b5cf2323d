import { z } from 'zod';
import { completeLogin, enrollDuringLogin } from '../../domain/login-challenge.ts';
import { deliveryRefusal, tokenAnswer } from '../browser-sessions.ts';
import { comeBackLater, problem } from '../problem.ts';
import { publicRoute } from '../route.ts';
import { completionForbidden, presentedToken, problemResponse, tokenDelivery, tokenResponse } from '../schemas.ts';
import { countingOutage } from './login-ends.ts';
import { passwordChangeNeeded } from './password-change-answer.ts';
import {
  code,
  enrollmentAnswer,
  enrollmentResponse,
  limited,
  recoveryCodes,
  wrongCode,
} from './second-factor-answers.ts';

const challengeToken = presentedToken.describe('`mfa_token` of the login.');
const completionRequest = z
  .strictObject({ mfa_token: challengeToken, code, refresh_token_delivery: tokenDelivery })
  .meta({ id: 'LoginCompletion' });
const enrollmentRequest = z.strictObject({ mfa_token: challengeToken }).meta({ id: 'LoginEnrollment' });
const completionResponse = tokenResponse
  .extend({ recovery_codes: recoveryCodes.optional() })
  .meta({ id: 'LoginCompletionResponse' });

export const completeLoginRoute = publicRoute(
  {
    method: 'post',
    path: '/v1/login/mfa',
    operation: 'complete_login',
    summary: 'Show the second factor that a login asked for',
    body: completionRequest,
    answers: {
      200: {
        description: 'The tokens of the new session; codes for recovery where it was the first code of a secret.',
        schema: completionResponse,
      },
      401: { description: 'The login has to begin anew.', schema: problemResponse },
      403: {
        description:
          'The code was right; another password is asked for. Or a cookie was, by no page of an allowed origin.',
        schema: completionForbidden,
      },
      409: { description: 'There is no second factor yet: enroll first.', schema: problemResponse },
      ...limited,
    },
  },
  async ({ body, browser, clientAddress, userAgent, event }, ports) => {
    const { mfa_token: token, code, refresh_token_delivery: delivery = 'body' } = body;
    const refusal = deliveryRefusal(delivery, browser, ports);
    if (refusal !== undefined) {
      // Whoever likes may be refused so, as often as they like: it tells nothing of an account.
      event.settle();
      return refusal;
    }
    const completing = completeLogin({ token, code, clientAddress, userAgent, event }, ports);
    const outcome = await countingOutage(completing, ports);
    switch (outcome.kind) {
      case 'loggedIn': {
        ports.metrics.authenticated('none');
        const answer = tokenAnswer(outcome.tokens, delivery, ports.lifetimes);
        const codes = outcome.recoveryCodes === undefined ? {} : { recovery_codes: outcome.recoveryCodes };
        return { ...answer, body: { ...(answer.body as object), ...codes } };
      }
      case 'passwordChangeNeeded':
        ports.metrics.authenticated('password_change_needed');
        return passwordChangeNeeded(outcome.token, outcome.recoveryCodes);
      case 'invalidChallenge':
        ports.metrics.authenticated('invalid_challenge');
        return problem('invalid_mfa_token');
      case 'notEnrolled':
        ports.metrics.authenticated('second_factor_needed');
        return problem('mfa_not_enrolled');
      case 'wrongCode':
        ports.metrics.authenticated('wrong_code');
        event.about({ error: 'wrong_code' });
        return problem('invalid_request', wrongCode);
      case 'limited':
        ports.metrics.authenticated('limited');
        return comeBackLater('too_many_requests', outcome.retryAfterSeconds);
    }
  },
);

export const enrollDuringLoginRoute = publicRoute(
  {
    method: 'post',
    path: '/v1/login/mfa/enrollment',
    operation: 'enroll_during_login',
    summary: 'Get a secret for an authenticator where a role requires a second factor and there is none',
    body: enrollmentRequest,
    answers: {
      200: {
        description: 'Show it to the user, then complete the login with a code of it.',
        schema: enrollmentResponse,
      },
      401: { description: 'The login has to begin anew.', schema: problemResponse },
      409: { description: 'There is a second factor already.', schema: problemResponse },
    },
  },
  async ({ body }, ports) => {
    const enrolling = enrollDuringLogin({ token: body.mfa_token, service: ports.serviceName }, ports);
    const outcome = await countingOutage(enrolling, ports);
    if (outcome === 'invalidChallenge') {
      ports.metrics.authenticated('invalid_challenge');
      return problem('invalid_mfa_token');
    }
    return outcome === 'alreadyEnrolled' ? problem('mfa_enrolled') : enrollmentAnswer(outcome);
  },
);
