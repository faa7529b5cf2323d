import type { AccessClaims, ServiceClaims } from './ports/tokens.ts';
import type { UserViews } from './ports/users.ts';

/** Lower-case words joined by dots, colons, dashes or underscores: `orders.read`. */
export const permissionNamePattern = /^[a-z][a-z0-9]*([._:-][a-z0-9]+)*$/;

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
