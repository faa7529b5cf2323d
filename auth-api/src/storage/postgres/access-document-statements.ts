import type { Statement } from './database.ts';

/** Who only reads does not wait for it, and neither does who grants: whoever changes a definition does. */
export const lockDefinitions: Statement = {
  name: 'lock_access_definitions',
  text: 'LOCK TABLE auth.roles, auth.permissions, auth.role_permissions IN SHARE ROW EXCLUSIVE MODE',
};

/** One statement, and so one moment. */
export const selectDocument: Statement = {
  name: 'select_access_document',
  text: `SELECT
      (SELECT coalesce(jsonb_agg(jsonb_build_object('name', p.name, 'description', p.description)), '[]')
        FROM auth.permissions p) AS permissions,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('name', r.name, 'description', r.description,
          'requiresSecondFactor', r.requires_second_factor,
          'permissions', ARRAY(SELECT p.name FROM auth.role_permissions rp JOIN auth.permissions p ON p.id = rp.permission_id
            WHERE rp.role_id = r.id))), '[]')
        FROM auth.roles r) AS roles`,
};

/** A grant that is on its way ends first, and none begins: it would need the row to stay. */
export const lockRoles: Statement = {
  name: 'lock_roles',
  text: 'SELECT name FROM auth.roles WHERE name = ANY($1) ORDER BY name FOR UPDATE',
};

export const lockPermissions: Statement = {
  name: 'lock_permissions',
  text: 'SELECT name FROM auth.permissions WHERE name = ANY($1) ORDER BY name FOR UPDATE',
};

/** $1 names of roles, $2 of permissions. */
export const selectGranted: Statement = {
  name: 'select_granted_access',
  text: `SELECT
      ARRAY(SELECT r.name FROM auth.roles r WHERE r.name = ANY($1)
        AND EXISTS (SELECT 1 FROM auth.user_roles ur WHERE ur.role_id = r.id) ORDER BY r.name) AS roles,
      ARRAY(SELECT p.name FROM auth.permissions p WHERE p.name = ANY($2)
        AND (EXISTS (SELECT 1 FROM auth.user_permissions up WHERE up.permission_id = p.id)
          OR EXISTS (SELECT 1 FROM auth.client_permissions cp WHERE cp.permission_id = p.id)) ORDER BY p.name) AS permissions`,
};

/** $1 permission, $2 names of the roles that have it. */
export const selectIsHeld: Statement = {
  name: 'select_is_permission_held',
  text: `SELECT EXISTS (SELECT 1 FROM auth.roles r JOIN auth.user_roles ur ON ur.role_id = r.id
        JOIN auth.users u ON u.id = ur.user_id WHERE r.name = ANY($2) AND u.status = 'active')
      OR EXISTS (SELECT 1 FROM auth.permissions p JOIN auth.user_permissions up ON up.permission_id = p.id
        JOIN auth.users u ON u.id = up.user_id WHERE p.name = $1 AND u.status = 'active') AS "isHeld"`,
};

export const writePermissions: Statement = {
  name: 'write_permissions',
  text: `INSERT INTO auth.permissions (id, name, description)
    SELECT id, name, description FROM jsonb_to_recordset($1::jsonb) AS p (id uuid, name text, description text)
    ON CONFLICT (name) DO UPDATE SET description = excluded.description`,
};

export const writeRoles: Statement = {
  name: 'write_roles',
  text: `INSERT INTO auth.roles (id, name, description, requires_second_factor)
    SELECT id, name, description, "requiresSecondFactor"
    FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, name text, description text, "requiresSecondFactor" boolean)
    ON CONFLICT (name) DO UPDATE SET description = excluded.description,
      requires_second_factor = excluded.requires_second_factor, updated_at = now()`,
};

export const deleteRoles: Statement = { name: 'delete_roles', text: 'DELETE FROM auth.roles WHERE name = ANY($1)' };

export const deletePermissions: Statement = {
  name: 'delete_permissions',
  text: 'DELETE FROM auth.permissions WHERE name = ANY($1)',
};

/** $1 [{"role", "permission"}]. */
export const insertRolePermissions: Statement = {
  name: 'insert_role_permissions',
  text: `INSERT INTO auth.role_permissions (role_id, permission_id)
    SELECT r.id, p.id FROM jsonb_to_recordset($1::jsonb) AS c (role text, permission text)
    JOIN auth.roles r ON r.name = c.role JOIN auth.permissions p ON p.name = c.permission
    ON CONFLICT DO NOTHING`,
};

/** $1 [{"role", "permission"}]. */
export const deleteRolePermissions: Statement = {
  name: 'delete_role_permissions',
  text: `DELETE FROM auth.role_permissions rp
    USING jsonb_to_recordset($1::jsonb) AS c (role text, permission text), auth.roles r, auth.permissions p
    WHERE r.name = c.role AND p.name = c.permission AND rp.role_id = r.id AND rp.permission_id = p.id`,
};
