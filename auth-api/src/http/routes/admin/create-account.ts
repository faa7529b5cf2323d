import { register } from '../../../domain/registration.ts';
import { createOnce } from '../../create-once.ts';
import { comeBackLater } from '../../problem.ts';
import { registeredAnswer, registrationAnswer, registrationAnswers } from '../../registration-answer.ts';
import { bearerRoute } from '../../route.ts';
import { registrationRequest } from '../../schemas.ts';

/** Whether or not registration is open, and without its limit: who may do this is known. */
export const createAccount = bearerRoute(
  {
    method: 'post',
    path: '/v1/admin/users',
    operation: 'create_account',
    summary: 'Create an account for somebody',
    body: registrationRequest,
    takesIdempotencyKey: true,
    permission: 'authcluster.users.write',
    answers: registrationAnswers,
  },
  async ({ body, idempotencyKey, signal, event }, { userId }, ports) => {
    if (ports.overload.isOverloaded()) return comeBackLater('overloaded', 1);
    const { username, password, email = null, display_name: displayName = null, locale = null } = body;
    // The language of who administers says nothing of whose account it is.
    const languages: string[] = [];
    const person = { username, password, email, displayName, locale, languages };
    const account = { ...person, clientNetwork: undefined, signal, event };
    const location = (id: string) => `/v1/admin/users/${id}`;
    return createOnce(
      {
        idempotencyKey,
        scope: `create_account ${userId}`,
        body,
        event,
        create: async (id) => registrationAnswer(await register({ ...account, id }, ports), location),
        show: async (id) => registeredAnswer(await ports.accounts.find(id), location),
      },
      ports,
    );
  },
);
