import { z } from 'zod';
import { completePasswordChange } from '../../domain/password-challenge.ts';
import { deliveryRefusal, tokenAnswer } from '../browser-sessions.ts';
import { postponed, problem } from '../problem.ts';
import { publicRoute } from '../route.ts';
import { presentedPassword, presentedToken, problemResponse, tokenDelivery, tokenResponse } from '../schemas.ts';
import { countingOutage, turnedAway } from './login-ends.ts';

const passwordRequest = z
  .strictObject({
    password_change_token: presentedToken.describe('Of the answer to the login.'),
    new_password: presentedPassword,
    refresh_token_delivery: tokenDelivery,
  })
  .meta({ id: 'LoginPasswordChange' });

export const completePasswordChangeRoute = publicRoute(
  {
    method: 'post',
    path: '/v1/login/password',
    operation: 'complete_password_change',
    summary: 'Set the other password that a login asked for, and open the session',
    body: passwordRequest,
    answers: {
      200: { description: 'The tokens of the new session; every other one has ended.', schema: tokenResponse },
      401: { description: 'The login has to begin anew.', schema: problemResponse },
      403: { description: 'A cookie was asked for, by no page of an allowed origin.', schema: problemResponse },
    },
  },
  async ({ body, browser, clientAddress, userAgent, signal, event }, ports) => {
    const { password_change_token: token, new_password: newPassword, refresh_token_delivery: delivery = 'body' } = body;
    const refusal = deliveryRefusal(delivery, browser, ports);
    if (refusal !== undefined) {
      // Whoever likes may be refused so, as often as they like: it tells nothing of an account.
      event.settle();
      return refusal;
    }
    const overloaded = turnedAway(ports);
    if (overloaded !== undefined) return overloaded;
    const client = { clientAddress, userAgent, event };
    const completing = completePasswordChange({ token, newPassword, signal, ...client }, ports);
    const outcome = await countingOutage(completing, ports);
    switch (outcome.kind) {
      case 'loggedIn':
        ports.metrics.authenticated('none');
        return tokenAnswer(outcome.tokens, delivery, ports.lifetimes);
      case 'invalidChallenge':
        ports.metrics.authenticated('invalid_challenge');
        return problem('invalid_password_change_token');
      case 'passwordRefused':
        ports.metrics.authenticated('password_change_needed');
        return problem('invalid_request', { errors: [{ pointer: '/new_password', detail: outcome.reason }] });
      case 'overloaded':
      case 'abandoned':
        ports.metrics.authenticated(outcome.kind);
        return postponed(outcome);
    }
  },
);
