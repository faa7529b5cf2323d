/** SQL for the names of a user's roles. */
export function rolesOf(userId: string): string {
  return `ARRAY(SELECT r.name FROM auth.user_roles ur JOIN auth.roles r ON r.id = ur.role_id
        WHERE ur.user_id = ${userId} ORDER BY r.name)`;
}

/** SQL for the names of a user's permissions, by role and direct. */
export function permissionsOf(userId: string): string {
  return `ARRAY(SELECT p.name FROM auth.permissions p WHERE p.id IN (
          SELECT rp.permission_id FROM auth.user_roles ur JOIN auth.role_permissions rp ON rp.role_id = ur.role_id
            WHERE ur.user_id = ${userId}
          UNION ALL SELECT up.permission_id FROM auth.user_permissions up WHERE up.user_id = ${userId})
        ORDER BY p.name)`;
}

/** SQL that tells whether a user has a second factor that counts. */
export function secondFactorConfirmed(userId: string): string {
  return `EXISTS (SELECT 1 FROM auth.second_factors f WHERE f.user_id = ${userId} AND f.is_confirmed)`;
}

/** SQL that tells whether a role of a user requires a second factor. */
export function secondFactorRequired(userId: string): string {
  return `EXISTS (SELECT 1 FROM auth.user_roles ur JOIN auth.roles r ON r.id = ur.role_id
        WHERE ur.user_id = ${userId} AND r.requires_second_factor)`;
}
