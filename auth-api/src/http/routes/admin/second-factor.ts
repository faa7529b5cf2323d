import { z } from 'zod';
import { problem } from '../../problem.ts';
import { bearerRoute, type Route } from '../../route.ts';
import { namePath } from './schemas.ts';

const done = { 204: { description: 'It is so, now or before.' } };
const path = '/v1/admin/roles/{role}/second-factor';

const requireSecondFactor = bearerRoute(
  {
    method: 'put',
    path,
    operation: 'require_second_factor',
    summary: 'Let nobody who has a role log in without a second factor',
    parameters: { role: namePath },
    permission: 'authcluster.roles.write',
    answers: done,
  },
  async ({ parameter, event }, _, ports) => {
    return (await ports.roles.setSecondFactorRequired(parameter('role'), true, event))
      ? { status: 204 }
      : problem('not_found');
  },
);

const stopRequiringSecondFactor = bearerRoute(
  {
    method: 'delete',
    path,
    operation: 'stop_requiring_second_factor',
    summary: 'Let a role require no second factor any more',
    parameters: { role: namePath },
    permission: 'authcluster.roles.write',
    needsStepUp: true,
    answers: done,
  },
  async ({ parameter, event }, _, ports) => {
    return (await ports.roles.setSecondFactorRequired(parameter('role'), false, event))
      ? { status: 204 }
      : problem('not_found');
  },
);

const removeAccountSecondFactor = bearerRoute(
  {
    method: 'delete',
    path: '/v1/admin/users/{id}/second-factor',
    operation: 'remove_account_second_factor',
    summary: 'Take the second factor from an account whose owner has lost it',
    parameters: { id: z.uuid() },
    permission: 'authcluster.users.write',
    needsStepUp: true,
    answers: done,
  },
  async ({ parameter, event }, _, ports) => {
    if ((await ports.accounts.find(parameter('id'))) === undefined) return problem('not_found');
    await ports.secondFactors.remove(parameter('id'), { alsoConfirmed: true }, event);
    return { status: 204 };
  },
);

export const adminSecondFactorRoutes: readonly Route[] = [
  requireSecondFactor,
  stopRequiringSecondFactor,
  removeAccountSecondFactor,
];
