import type { AccessClaims, ServiceClaims } from './ports/tokens.ts';
import type { UserViews } from './ports/users.ts';

/** Lower-case words joined by dots, colons, dashes or underscores: `orders.read`. */
export const permissionNamePattern = /^[a-z][a-z0-9]*([._:-][a-z0-9]+)*$/;

/**
 * Of the names of an account's roles, with commas between. They are in each of its access tokens and in X-Auth-Roles:
 * nginx takes 8 KiB of a line of a request, and 4 of all headers of an answer, where it is not told otherwise.
 */
export const longestRoleList = 2500;

export function isRoleListTooLong(roles: readonly string[]): boolean {
  return roles.join(',').length > longestRoleList;
}

/** Whether somebody holds every one of the permissions: a user by role or directly, a service by its token's scopes. */
export async function holdsAll(
  claims: Pick<AccessClaims, 'userId' | 'sessionId'> | ServiceClaims,
  permissions: readonly string[],
  ports: { readonly views: Pick<UserViews, 'grants'> },
): Promise<boolean> {
  const held = new Set(
    'clientId' in claims ? claims.scopes : (await ports.views.grants(claims.userId, claims.sessionId)).permissions,
  );
  return permissions.every((permission) => held.has(permission));
}
