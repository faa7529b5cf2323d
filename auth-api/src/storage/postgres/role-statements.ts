import type { Statement } from './database.ts';

const roleColumns = `r.id, r.name, r.description, r.requires_second_factor AS "requiresSecondFactor",
      ARRAY(SELECT p.name FROM auth.role_permissions rp JOIN auth.permissions p ON p.id = rp.permission_id
        WHERE rp.role_id = r.id ORDER BY p.name) AS permissions`;

export const selectRole: Statement = {
  name: 'select_role',
  text: `SELECT ${roleColumns} FROM auth.roles r WHERE r.id = $1`,
};

export const selectRoles: Statement = {
  name: 'select_roles',
  text: `SELECT ${roleColumns}
    FROM auth.roles r WHERE $1::uuid IS NULL OR r.id > $1 ORDER BY r.id LIMIT $2`,
};

export const insertRole: Statement = {
  name: 'insert_role',
  text: 'INSERT INTO auth.roles (id, name, description) VALUES ($1, $2, $3)',
};

export const deleteRole: Statement = {
  name: 'delete_role',
  text: 'DELETE FROM auth.roles WHERE name = $1 RETURNING id',
};

export const setSecondFactorRequired: Statement = {
  name: 'set_second_factor_required',
  text: 'UPDATE auth.roles SET requires_second_factor = $2, updated_at = now() WHERE name = $1 RETURNING id',
};

export const selectRoleAndPermission: Statement = {
  name: 'select_role_and_permission',
  text: `SELECT r.id AS role_id, p.id AS permission_id FROM auth.roles r, auth.permissions p
    WHERE r.name = $1 AND p.name = $2`,
};

export const insertRolePermission: Statement = {
  name: 'insert_role_permission',
  text: `INSERT INTO auth.role_permissions (role_id, permission_id) VALUES ($1, $2)
    ON CONFLICT DO NOTHING RETURNING role_id`,
};

export const deleteRolePermission: Statement = {
  name: 'delete_role_permission',
  text: 'DELETE FROM auth.role_permissions WHERE role_id = $1 AND permission_id = $2 RETURNING role_id',
};

export const selectPermission: Statement = {
  name: 'select_permission',
  text: 'SELECT id, name, description FROM auth.permissions WHERE id = $1',
};

export const selectPermissions: Statement = {
  name: 'select_permissions',
  text: `SELECT id, name, description FROM auth.permissions WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2`,
};

export const insertPermission: Statement = {
  name: 'insert_permission',
  text: 'INSERT INTO auth.permissions (id, name, description) VALUES ($1, $2, $3) RETURNING id',
};

export const deletePermission: Statement = {
  name: 'delete_permission',
  text: 'DELETE FROM auth.permissions WHERE name = $1 RETURNING id',
};

export const selectAdministrator: Statement = {
  name: 'select_administrator',
  text: `SELECT 1 AS found FROM auth.user_roles ur JOIN auth.roles r ON r.id = ur.role_id
    JOIN auth.users u ON u.id = ur.user_id WHERE r.name = 'administrator' AND u.status = 'active' LIMIT 1`,
};

/** The roles that a user $1 will have once $2, if there is such a role, has been granted. */
export const selectRolesWith: Statement = {
  name: 'select_roles_with_another',
  text: `SELECT ARRAY(SELECT r.name FROM auth.roles r WHERE r.name = $2
      OR r.id IN (SELECT ur.role_id FROM auth.user_roles ur WHERE ur.user_id = $1)) AS roles`,
};

export type GrantedThing = 'role' | 'permission';

/** $1 user, $2 name, $3 who grants, $4 the event's targets. A row: there are such a user and such a thing. */
function grant(thing: GrantedThing): Statement {
  return {
    name: `grant_${thing}`,
    text: `WITH target AS (
        SELECT u.id AS user_id, t.id AS thing_id FROM auth.users u, auth.${thing}s t WHERE u.id = $1 AND t.name = $2
      ), granted AS (
        INSERT INTO auth.user_${thing}s (user_id, ${thing}_id, granted_by) SELECT user_id, thing_id, $3 FROM target
        ON CONFLICT DO NOTHING RETURNING user_id
      ), event AS (
        INSERT INTO auth.outbox (kind, targets) SELECT 'permission_change', $4 FROM granted
      )
      SELECT user_id FROM target`,
  };
}

/** $1 user, $2 name, $3 the event's targets. */
function revoke(thing: GrantedThing): Statement {
  return {
    name: `revoke_${thing}`,
    text: `WITH revoked AS (
        DELETE FROM auth.user_${thing}s g USING auth.${thing}s t
        WHERE g.user_id = $1 AND t.name = $2 AND g.${thing}_id = t.id RETURNING g.user_id
      ), event AS (
        INSERT INTO auth.outbox (kind, targets) SELECT 'permission_change', $3 FROM revoked
      )
      SELECT user_id FROM revoked`,
  };
}

export const grants = { role: grant('role'), permission: grant('permission') };
export const revocations = { role: revoke('role'), permission: revoke('permission') };
