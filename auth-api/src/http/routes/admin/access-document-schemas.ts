import { z } from 'zod';
import type { AccessDocument } from '../../../domain/access-document.ts';
import type { AccessPlan } from '../../../domain/apply-access.ts';
import { permissionName } from '../../schemas.ts';

const description = z.string().max(400).default('');

const permissionDefinition = z.strictObject({ name: permissionName, description });

const roleDefinition = z.strictObject({
  name: permissionName,
  description,
  permissions: z.array(permissionName).max(2_000).default([]),
  requires_second_factor: z.boolean().default(false),
});

/** Of half a megabyte at most, for which there is room. */
export const accessDocumentRequest = z
  .strictObject({
    permissions: z.array(permissionDefinition).max(2_000).describe('All but those of the service itself.'),
    roles: z.array(roleDefinition).max(500).describe('`administrator` stays, also where it is left out.'),
  })
  .meta({ id: 'AccessDocumentRequest' });

export const accessDocumentResponse = z
  .object({
    permissions: z.array(z.object({ name: z.string(), description: z.string() })),
    roles: z.array(
      z.object({
        name: z.string(),
        description: z.string(),
        permissions: z.array(z.string()),
        requires_second_factor: z.boolean(),
      }),
    ),
  })
  .meta({ id: 'AccessDocument' });

const names = z.array(z.string());
const deleted = z.array(
  z.object({ name: z.string(), is_granted: z.boolean().describe('Somebody has it, and loses it.') }),
);

export const accessDifferenceResponse = z
  .object({
    permissions: z.object({
      created: names,
      changed: z.array(z.object({ name: z.string(), description: z.string() })),
      deleted,
    }),
    roles: z.object({
      created: names,
      changed: z.array(
        z.object({
          name: z.string(),
          description: z.string().optional().describe('Where it is another one.'),
          requires_second_factor: z.boolean().optional().describe('Where it is changed.'),
          permissions_added: names,
          permissions_removed: names,
        }),
      ),
      deleted,
    }),
  })
  .meta({ id: 'AccessDifference' });

export function accessDocumentOf({ permissions, roles }: z.output<typeof accessDocumentRequest>): AccessDocument {
  return {
    permissions,
    roles: roles.map(({ requires_second_factor: requiresSecondFactor, ...role }) => ({
      ...role,
      requiresSecondFactor,
    })),
  };
}

export function accessDocumentBody({ permissions, roles }: AccessDocument): z.output<typeof accessDocumentResponse> {
  return {
    permissions: permissions.map(({ name, description }) => ({ name, description })),
    roles: roles.map((role) => ({
      name: role.name,
      description: role.description,
      permissions: [...role.permissions],
      requires_second_factor: role.requiresSecondFactor,
    })),
  };
}

export function accessDifferenceBody({
  difference: { permissions, roles },
  granted,
}: AccessPlan): z.output<typeof accessDifferenceResponse> {
  const deletedBody = (deleted: readonly string[], granted: readonly string[]) =>
    deleted.map((name) => ({ name, is_granted: granted.includes(name) }));
  return {
    permissions: {
      created: permissions.created.map(({ name }) => name),
      changed: permissions.changed.map(({ name, description }) => ({ name, description })),
      deleted: deletedBody(permissions.deleted, granted.permissions),
    },
    roles: {
      created: roles.created.map(({ name }) => name),
      changed: roles.changed.map((change) => ({
        name: change.role.name,
        ...(change.isRedescribed ? { description: change.role.description } : {}),
        ...(change.isSecondFactorChanged ? { requires_second_factor: change.role.requiresSecondFactor } : {}),
        permissions_added: [...change.permissionsAdded],
        permissions_removed: [...change.permissionsRemoved],
      })),
      deleted: deletedBody(roles.deleted, granted.roles),
    },
  };
}
