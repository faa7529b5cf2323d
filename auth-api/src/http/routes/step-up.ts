import { z } from 'zod';
import { stepUp } from '../../domain/step-up.ts';
import { comeBackLater, postponed, problem, unauthenticated } from '../problem.ts';
import { bearerRoute } from '../route.ts';
import { presentedPassword, tokenResponse } from '../schemas.ts';
import { code, limited, wrongCode } from './second-factor-answers.ts';

const stepUpRequest = z
  .strictObject({ password: presentedPassword, code: code.optional().describe('Where there is a second factor.') })
  .meta({ id: 'StepUpRequest' });
const stepUpResponse = tokenResponse.omit({ refresh_token: true }).meta({ id: 'StepUpResponse' });

export const stepUpRoute = bearerRoute(
  {
    method: 'post',
    path: '/v1/step-up',
    operation: 'step_up',
    summary: 'Show anew who holds the session, for what asks for that (RFC 9470)',
    body: stepUpRequest,
    answers: { 200: { description: 'Another access token of the session.', schema: stepUpResponse }, ...limited },
  },
  async ({ body, signal }, claims, ports) => {
    if (ports.overload.isOverloaded()) return comeBackLater('overloaded', 1);
    const outcome = await stepUp(claims, { password: body.password, code: body.code, signal }, ports);
    switch (outcome.kind) {
      case 'steppedUp': {
        const { accessSeconds: expires_in } = ports.lifetimes;
        return { status: 200, body: { access_token: outcome.accessToken, token_type: 'Bearer', expires_in } };
      }
      case 'wrongPassword':
        return problem('invalid_request', { errors: [{ pointer: '/password', detail: 'is wrong' }] });
      case 'codeNeeded':
        return problem('invalid_request', { errors: [{ pointer: '/code', detail: 'is needed' }] });
      case 'wrongCode':
        return problem('invalid_request', wrongCode);
      case 'sessionEnded':
        return unauthenticated(true);
      case 'limited':
      case 'overloaded':
      case 'abandoned':
        return postponed(outcome);
    }
  },
);
