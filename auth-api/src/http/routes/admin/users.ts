import { z } from 'zod';
import { longestRoleList } from '../../../domain/permissions.ts';
import { usernameKey } from '../../../domain/username.ts';
import { recordBefore } from '../../audited.ts';
import { problem } from '../../problem.ts';
import { bearerRoute, type Route } from '../../route.ts';
import { pageBody, pageQuery, problemResponse, sessionBody, sessionListResponse } from '../../schemas.ts';
import { accountBody, accountChangeRequest, accountResponse, namePath } from './schemas.ts';
import { takenAnswer } from './taken-answer.ts';

const mayRead = 'authcluster.users.read';
const mayWrite = 'authcluster.users.write';
const mayGrant = 'authcluster.roles.write';
const done = { 204: { description: 'It is so, now or before.' } };
const taken = {
  ...done,
  409: { description: 'Nobody could change roles afterwards.', schema: problemResponse },
};

const getAccount = bearerRoute(
  {
    method: 'get',
    path: '/v1/admin/users/{id}',
    operation: 'get_account',
    summary: 'One account',
    parameters: { id: z.uuid() },
    permission: mayRead,
    answers: { 200: { description: 'The account.', schema: accountResponse } },
  },
  async ({ parameter }, _, ports) => {
    const account = await ports.accounts.find(parameter('id'));
    return account === undefined ? problem('not_found') : { status: 200, body: accountBody(account) };
  },
);

const changeAccount = bearerRoute(
  {
    method: 'patch',
    path: '/v1/admin/users/{id}',
    operation: 'change_account',
    summary: 'Disable or enable an account',
    parameters: { id: z.uuid() },
    body: accountChangeRequest,
    permission: mayWrite,
    answers: taken,
  },
  async ({ parameter, body: { status }, event }, _, ports) => {
    event.about({ details: { status } });
    return takenAnswer(await ports.accounts.setStatus(parameter('id'), status, event));
  },
);

const deleteAccount = bearerRoute(
  {
    method: 'delete',
    path: '/v1/admin/users/{id}',
    operation: 'delete_account',
    summary: 'Delete an account and all that belongs to it',
    parameters: { id: z.uuid() },
    permission: mayWrite,
    answers: taken,
  },
  async ({ parameter, event }, _, ports) => {
    return takenAnswer(await ports.users.delete(parameter('id'), event));
  },
);

const unlockAccount = bearerRoute(
  {
    method: 'delete',
    path: '/v1/admin/users/{id}/lockout',
    operation: 'unlock_account',
    summary: 'Forget wrong passwords, which may have locked an account',
    parameters: { id: z.uuid() },
    permission: mayWrite,
    answers: done,
  },
  async ({ parameter, event }, _, ports) => {
    const account = await ports.accounts.find(parameter('id'));
    if (account === undefined) return problem('not_found');
    await recordBefore(event, ports);
    await ports.limits.forgetFailures(usernameKey(account.username));
    return { status: 204 };
  },
);

const listAccountSessions = bearerRoute(
  {
    method: 'get',
    path: '/v1/admin/users/{id}/sessions',
    operation: 'list_account_sessions',
    summary: 'The live sessions of an account, the youngest first',
    parameters: { id: z.uuid() },
    query: pageQuery,
    permission: mayRead,
    answers: { 200: { description: 'A page of sessions.', schema: sessionListResponse } },
  },
  async ({ parameter, query: { cursor: after, limit } }, { sessionId }, ports) => {
    if ((await ports.accounts.find(parameter('id'))) === undefined) return problem('not_found');
    const sessions = await ports.sessions.list(parameter('id'), { after, limit });
    const items = sessions.map((session) => sessionBody(session, sessionId));
    return { status: 200, body: pageBody(items, limit) };
  },
);

const endAccountSessions = bearerRoute(
  {
    method: 'delete',
    path: '/v1/admin/users/{id}/sessions',
    operation: 'end_account_sessions',
    summary: 'End every session of an account',
    parameters: { id: z.uuid() },
    permission: mayWrite,
    answers: done,
  },
  async ({ parameter, event }, _, ports) => {
    if ((await ports.accounts.find(parameter('id'))) === undefined) return problem('not_found');
    await ports.sessions.endAllOfUser(parameter('id'), 'revoked', event);
    return { status: 204 };
  },
);

const grantRole = bearerRoute(
  {
    method: 'put',
    path: '/v1/admin/users/{id}/roles/{role}',
    operation: 'grant_role',
    summary: 'Give an account a role',
    parameters: { id: z.uuid(), role: namePath },
    permission: mayGrant,
    answers: {
      ...done,
      409: { description: 'The names of its roles would be too long together.', schema: problemResponse },
    },
  },
  async ({ parameter, event }, { userId }, ports) => {
    switch (await ports.roles.grantRole(parameter('id'), parameter('role'), userId, event)) {
      case 'done':
        return { status: 204 };
      case 'notFound':
        return problem('not_found');
      case 'tooManyRoles':
        return problem('too_many_roles', {
          detail: `the names of its roles, with commas between, may have ${longestRoleList} characters`,
        });
    }
  },
);

const revokeRole = bearerRoute(
  {
    method: 'delete',
    path: '/v1/admin/users/{id}/roles/{role}',
    operation: 'revoke_role',
    summary: 'Take a role from an account',
    parameters: { id: z.uuid(), role: namePath },
    permission: mayGrant,
    answers: taken,
  },
  async ({ parameter, event }, _, ports) => {
    return takenAnswer(await ports.roles.revokeRole(parameter('id'), parameter('role'), event));
  },
);

const grantPermission = bearerRoute(
  {
    method: 'put',
    path: '/v1/admin/users/{id}/permissions/{permission}',
    operation: 'grant_permission',
    summary: 'Permit an account something directly',
    parameters: { id: z.uuid(), permission: namePath },
    permission: mayGrant,
    answers: done,
  },
  async ({ parameter, event }, { userId }, ports) => {
    const found = await ports.roles.grantPermission(parameter('id'), parameter('permission'), userId, event);
    return found ? { status: 204 } : problem('not_found');
  },
);

const revokePermission = bearerRoute(
  {
    method: 'delete',
    path: '/v1/admin/users/{id}/permissions/{permission}',
    operation: 'revoke_permission',
    summary: 'Take back a direct permission',
    parameters: { id: z.uuid(), permission: namePath },
    permission: mayGrant,
    answers: taken,
  },
  async ({ parameter, event }, _, ports) => {
    return takenAnswer(await ports.roles.revokePermission(parameter('id'), parameter('permission'), event));
  },
);

export const accountRoutes: readonly Route[] = [
  getAccount,
  changeAccount,
  deleteAccount,
  unlockAccount,
  listAccountSessions,
  endAccountSessions,
  grantRole,
  revokeRole,
  grantPermission,
  revokePermission,
];
