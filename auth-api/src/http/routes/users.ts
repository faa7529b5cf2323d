import { register } from '../../domain/registration.ts';
import { createOnce } from '../create-once.ts';
import { comeBackLater, problem } from '../problem.ts';
import { registeredAnswer, registrationAnswer, registrationAnswers } from '../registration-answer.ts';
import { publicRoute } from '../route.ts';
import { problemResponse, registrationRequest } from '../schemas.ts';

export const registerRoute = publicRoute(
  {
    method: 'post',
    path: '/v1/users',
    operation: 'register',
    summary: 'Create an account',
    body: registrationRequest,
    takesIdempotencyKey: true,
    answers: {
      ...registrationAnswers,
      403: { description: 'Only an administrator makes accounts here.', schema: problemResponse },
      429: { description: 'Come back after Retry-After.', schema: problemResponse },
    },
  },
  async ({ body, idempotencyKey, clientNetwork, languages, signal, event }, ports) => {
    if (!ports.isRegistrationOpen) return problem('registration_closed');
    if (ports.overload.isOverloaded()) return comeBackLater('overloaded', 1);
    const { username, password, email = null, display_name: displayName = null, locale = null } = body;
    const registration = { username, password, email, displayName, locale, languages, clientNetwork, signal, event };
    const location = () => '/v1/me';
    return createOnce(
      {
        idempotencyKey,
        scope: 'register',
        body,
        event,
        create: async (id) => registrationAnswer(await register({ ...registration, id }, ports), location),
        show: async (id) => registeredAnswer(await ports.accounts.find(id), location),
      },
      ports,
    );
  },
);
