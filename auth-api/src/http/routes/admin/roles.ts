import { administratorRole, type Role } from '../../../domain/administration.ts';
import { createOnce } from '../../create-once.ts';
import { type Answer, problem } from '../../problem.ts';
import { bearerRoute, type Route } from '../../route.ts';
import { pageBody, pageQuery, problemResponse } from '../../schemas.ts';
import {
  namePath,
  permissionListResponse,
  permissionRequest,
  permissionResponse,
  roleBody,
  roleListResponse,
  roleRequest,
  roleResponse,
} from './schemas.ts';
import { takenAnswer } from './taken-answer.ts';

const mayRead = 'authcluster.roles.read';
const mayWrite = 'authcluster.roles.write';
const done = { 204: { description: 'It is so, now or before.' } };
const needed = {
  409: {
    description: 'The service itself needs it, or nobody could change roles afterwards.',
    schema: problemResponse,
  },
};
const nameTaken = { 409: { description: 'The name is taken.', schema: problemResponse } };

const listRoles = bearerRoute(
  {
    method: 'get',
    path: '/v1/admin/roles',
    operation: 'list_roles',
    summary: 'Roles, with what they permit',
    query: pageQuery,
    permission: mayRead,
    answers: { 200: { description: 'A page of roles.', schema: roleListResponse } },
  },
  async ({ query: { cursor: after, limit } }, { sessionId }, ports) => {
    const roles = await ports.roles.listRoles({ after, limit }, sessionId);
    return { status: 200, body: pageBody(roles.map(roleBody), limit) };
  },
);

const createRole = bearerRoute(
  {
    method: 'post',
    path: '/v1/admin/roles',
    operation: 'create_role',
    summary: 'Create a role that permits nothing yet',
    body: roleRequest,
    takesIdempotencyKey: true,
    permission: mayWrite,
    answers: { 201: { description: 'The role.', schema: roleResponse }, ...nameTaken },
  },
  ({ body, idempotencyKey, event }, { userId }, ports) => {
    event.about({ details: { role: body.name } });
    const shown = (role: Role): Answer => ({ status: 201, body: roleBody(role) });
    return createOnce(
      {
        idempotencyKey,
        scope: `create_role ${userId}`,
        body,
        event,
        create: async (id) => {
          if ((await ports.roles.createRole({ id, ...body }, event)) === 'nameTaken') return problem('name_taken');
          return shown({ id, ...body, permissions: [], requiresSecondFactor: false });
        },
        show: async (id) => {
          const role = await ports.roles.findRole(id);
          return role === undefined ? undefined : shown(role);
        },
      },
      ports,
    );
  },
);

const deleteRole = bearerRoute(
  {
    method: 'delete',
    path: '/v1/admin/roles/{role}',
    operation: 'delete_role',
    summary: 'Delete a role, also from those who have it',
    parameters: { role: namePath },
    permission: mayWrite,
    answers: { ...done, ...needed },
  },
  async ({ parameter, event }, _, ports) => {
    if (parameter('role') === administratorRole) return problem('needed_by_service');
    return takenAnswer(await ports.roles.deleteRole(parameter('role'), event));
  },
);

const addRolePermission = bearerRoute(
  {
    method: 'put',
    path: '/v1/admin/roles/{role}/permissions/{permission}',
    operation: 'add_role_permission',
    summary: 'Let a role permit something',
    parameters: { role: namePath, permission: namePath },
    permission: mayWrite,
    answers: done,
  },
  async ({ parameter, event }, _, ports) => {
    const found = await ports.roles.addPermission(parameter('role'), parameter('permission'), event);
    return found ? { status: 204 } : problem('not_found');
  },
);

const removeRolePermission = bearerRoute(
  {
    method: 'delete',
    path: '/v1/admin/roles/{role}/permissions/{permission}',
    operation: 'remove_role_permission',
    summary: 'Let a role permit something no longer',
    parameters: { role: namePath, permission: namePath },
    permission: mayWrite,
    answers: { ...done, ...needed },
  },
  async ({ parameter, event }, _, ports) => {
    if (parameter('role') === administratorRole && parameter('permission').startsWith('authcluster.')) {
      return problem('needed_by_service');
    }
    return takenAnswer(await ports.roles.removePermission(parameter('role'), parameter('permission'), event));
  },
);

const listPermissions = bearerRoute(
  {
    method: 'get',
    path: '/v1/admin/permissions',
    operation: 'list_permissions',
    summary: 'All permissions',
    query: pageQuery,
    permission: mayRead,
    answers: { 200: { description: 'A page of permissions.', schema: permissionListResponse } },
  },
  async ({ query: { cursor: after, limit } }, _, ports) => {
    return { status: 200, body: pageBody(await ports.roles.listPermissions({ after, limit }), limit) };
  },
);

const createPermission = bearerRoute(
  {
    method: 'post',
    path: '/v1/admin/permissions',
    operation: 'create_permission',
    summary: 'Create a permission',
    body: permissionRequest,
    takesIdempotencyKey: true,
    permission: mayWrite,
    answers: { 201: { description: 'The permission.', schema: permissionResponse }, ...nameTaken },
  },
  ({ body, idempotencyKey, event }, { userId }, ports) => {
    event.about({ details: { permission: body.name } });
    return createOnce(
      {
        idempotencyKey,
        scope: `create_permission ${userId}`,
        body,
        event,
        create: async (id) => {
          if ((await ports.roles.createPermission({ id, ...body }, event)) === 'nameTaken')
            return problem('name_taken');
          return { status: 201, body: { id, ...body } };
        },
        show: async (id) => {
          const permission = await ports.roles.findPermission(id);
          return permission === undefined ? undefined : { status: 201, body: permission };
        },
      },
      ports,
    );
  },
);

const deletePermission = bearerRoute(
  {
    method: 'delete',
    path: '/v1/admin/permissions/{permission}',
    operation: 'delete_permission',
    summary: 'Delete a permission, also from roles and accounts',
    parameters: { permission: namePath },
    permission: mayWrite,
    answers: { ...done, 409: { description: 'The service itself needs it.', schema: problemResponse } },
  },
  async ({ parameter, event }, _, ports) => {
    if (parameter('permission').startsWith('authcluster.')) return problem('needed_by_service');
    return (await ports.roles.deletePermission(parameter('permission'), event))
      ? { status: 204 }
      : problem('not_found');
  },
);

export const roleRoutes: readonly Route[] = [
  listRoles,
  createRole,
  deleteRole,
  addRolePermission,
  removeRolePermission,
  listPermissions,
  createPermission,
  deletePermission,
];
