import { z } from 'zod';
import type { Account, Role } from '../../../domain/administration.ts';
import { positionCursor } from '../../cursor.ts';
import { pageQuery, permissionName, userBody, userResponse } from '../../schemas.ts';

const description = z.string().max(400).default('');

export const roleRequest = z.strictObject({ name: permissionName, description }).meta({ id: 'RoleRequest' });

export const roleResponse = z
  .object({
    id: z.uuid(),
    name: z.string(),
    description: z.string(),
    permissions: z.array(z.string()),
    requires_second_factor: z.boolean(),
  })
  .meta({ id: 'Role' });

export const roleListResponse = z
  .object({ items: z.array(roleResponse), next_cursor: z.uuid().nullable() })
  .meta({ id: 'RoleList' });

export const permissionRequest = z
  .strictObject({ name: permissionName, description })
  .meta({ id: 'PermissionRequest' });

export const permissionResponse = z
  .object({ id: z.uuid(), name: z.string(), description: z.string() })
  .meta({ id: 'Permission' });

export const permissionListResponse = z
  .object({ items: z.array(permissionResponse), next_cursor: z.uuid().nullable() })
  .meta({ id: 'PermissionList' });

const status = z.enum(['active', 'disabled']);

export const accountResponse = userResponse
  .extend({
    status,
    last_login_at: z.iso.datetime().nullable(),
    password_change_required: z.boolean().describe('The next login sets another password.'),
  })
  .meta({ id: 'Account' });

export const accountListResponse = z
  .object({ items: z.array(accountResponse), next_cursor: z.string().nullable() })
  .meta({ id: 'AccountList' });

export const accountChangeRequest = z
  .strictObject({ status: status.describe('Disabling ends every session of the account.') })
  .meta({ id: 'AccountChangeRequest' });

const prefix = z.string().min(1).max(254).optional();

/** By one thing at a time: each has an index of its own. */
export const accountQuery = z.strictObject({
  cursor: positionCursor.optional(),
  limit: pageQuery.shape.limit,
  username_prefix: prefix.describe('Whatever its case. One of the four at a time.'),
  email_prefix: prefix.describe('Whatever its case.'),
  role: permissionName.optional().describe('Who has the role.'),
  status: status.optional(),
});

export const namePath = permissionName;

export function roleBody({ requiresSecondFactor, permissions, ...named }: Role): z.output<typeof roleResponse> {
  return { ...named, permissions: [...permissions], requires_second_factor: requiresSecondFactor };
}

export function accountBody(account: Account): z.output<typeof accountResponse> {
  return {
    ...userBody(account),
    status: account.status,
    last_login_at: account.lastLoginAt?.toISOString() ?? null,
    password_change_required: account.isPasswordChangeRequired,
  };
}
