import type { AccessClaims } from './ports/tokens.ts';
import type { UserViews } from './ports/users.ts';

/** Lower-case words joined by dots, colons, dashes or underscores: `orders.read`. */
export const permissionNamePattern = /^[a-z][a-z0-9]*([._:-][a-z0-9]+)*$/;

/** Whether a user holds every one of the permissions, by role or directly. */
export async function holdsAll(
  { userId, sessionId }: Pick<AccessClaims, 'userId' | 'sessionId'>,
  permissions: readonly string[],
  ports: { readonly views: Pick<UserViews, 'grants'> },
): Promise<boolean> {
  const held = new Set((await ports.views.grants(userId, sessionId)).permissions);
  return permissions.every((permission) => held.has(permission));
}
