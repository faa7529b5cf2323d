import { z } from 'zod';
import { problem } from '../../problem.ts';
import { bearerRoute, type Route } from '../../route.ts';

const done = { 204: { description: 'It is so, now or before.' } };
const path = '/v1/admin/users/{id}/password-change';
const permission = 'authcluster.users.write';

const requirePasswordChange = bearerRoute(
  {
    method: 'put',
    path,
    operation: 'require_password_change',
    summary: 'Let the next login of an account set another password before there is a session',
    parameters: { id: z.uuid() },
    query: z.strictObject({
      sessions: z.enum(['end', 'keep']).default('end').describe('What becomes of those that the account has.'),
    }),
    permission,
    answers: done,
  },
  async ({ parameter, query: { sessions }, event }, _, ports) => {
    event.about({ details: { sessions } });
    const options = { endsSessions: sessions === 'end' };
    return (await ports.accounts.requirePasswordChange(parameter('id'), options, event))
      ? { status: 204 }
      : problem('not_found');
  },
);

const stopRequiringPasswordChange = bearerRoute(
  {
    method: 'delete',
    path,
    operation: 'stop_requiring_password_change',
    summary: 'Let an account log in with the password that it has',
    parameters: { id: z.uuid() },
    permission,
    answers: done,
  },
  async ({ parameter, event }, _, ports) => {
    return (await ports.accounts.stopRequiringPasswordChange(parameter('id'), event))
      ? { status: 204 }
      : problem('not_found');
  },
);

export const passwordChangeRoutes: readonly Route[] = [requirePasswordChange, stopRequiringPasswordChange];
