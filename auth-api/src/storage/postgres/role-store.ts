import type { SharedCacheType } from '../../cache/cache-types.ts';
import type { Announce } from '../../cache/invalidation-announcer.ts';
import { type InvalidationEvent, roleChange, userPermissionChange } from '../../cache/invalidation-events.ts';
import type { OwnWrites } from '../../cache/own-writes.ts';
import type { SharedCache } from '../../cache/shared-cache.ts';
import type { NamedThing, Permission, Role, RoleStore } from '../../domain/administration.ts';
import type { PendingAuditEvent } from '../../domain/audit.ts';
import type { Page } from '../../domain/ports/page.ts';
import { queryAsAct, recordAct } from './audit-events.ts';
import { raiseVersions, recordEvent } from './cache-versions.ts';
import { type Database, isUniqueViolation, type Query, type Statement } from './database.ts';

const roleColumns = `r.id, r.name, r.description, r.requires_second_factor AS "requiresSecondFactor",
      ARRAY(SELECT p.name FROM auth.role_permissions rp JOIN auth.permissions p ON p.id = rp.permission_id
        WHERE rp.role_id = r.id ORDER BY p.name) AS permissions`;

const selectRole: Statement = {
  name: 'select_role',
  text: `SELECT ${roleColumns} FROM auth.roles r WHERE r.id = $1`,
};

const selectRoles: Statement = {
  name: 'select_roles',
  text: `SELECT ${roleColumns}
    FROM auth.roles r WHERE $1::uuid IS NULL OR r.id > $1 ORDER BY r.id LIMIT $2`,
};

const insertRole: Statement = {
  name: 'insert_role',
  text: 'INSERT INTO auth.roles (id, name, description) VALUES ($1, $2, $3)',
};

const deleteRole: Statement = { name: 'delete_role', text: 'DELETE FROM auth.roles WHERE name = $1 RETURNING id' };

const setSecondFactorRequired: Statement = {
  name: 'set_second_factor_required',
  text: 'UPDATE auth.roles SET requires_second_factor = $2, updated_at = now() WHERE name = $1 RETURNING id',
};

const selectRoleAndPermission: Statement = {
  name: 'select_role_and_permission',
  text: `SELECT r.id AS role_id, p.id AS permission_id FROM auth.roles r, auth.permissions p
    WHERE r.name = $1 AND p.name = $2`,
};

const insertRolePermission: Statement = {
  name: 'insert_role_permission',
  text: `INSERT INTO auth.role_permissions (role_id, permission_id) VALUES ($1, $2)
    ON CONFLICT DO NOTHING RETURNING role_id`,
};

const deleteRolePermission: Statement = {
  name: 'delete_role_permission',
  text: 'DELETE FROM auth.role_permissions WHERE role_id = $1 AND permission_id = $2 RETURNING role_id',
};

const selectPermission: Statement = {
  name: 'select_permission',
  text: 'SELECT id, name, description FROM auth.permissions WHERE id = $1',
};

const selectPermissions: Statement = {
  name: 'select_permissions',
  text: `SELECT id, name, description FROM auth.permissions WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2`,
};

const insertPermission: Statement = {
  name: 'insert_permission',
  text: 'INSERT INTO auth.permissions (id, name, description) VALUES ($1, $2, $3) RETURNING id',
};

const deletePermission: Statement = {
  name: 'delete_permission',
  text: 'DELETE FROM auth.permissions WHERE name = $1 RETURNING id',
};

const selectAdministrator: Statement = {
  name: 'select_administrator',
  text: `SELECT 1 AS found FROM auth.user_roles ur JOIN auth.roles r ON r.id = ur.role_id
    WHERE r.name = 'administrator' LIMIT 1`,
};

type GrantedThing = 'role' | 'permission';

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

const grants = { role: grant('role'), permission: grant('permission') };
const revocations = { role: revoke('role'), permission: revoke('permission') };

export interface RoleStoreOptions {
  readonly announce: Announce;
  readonly definitions: SharedCache<readonly Role[]>;
  readonly ownWrites: Pick<OwnWrites, 'read'>;
}

export class PostgresRoleStore implements RoleStore {
  readonly #primary: Database;
  readonly #announce: Announce;
  readonly #caches: Pick<RoleStoreOptions, 'definitions' | 'ownWrites'>;

  constructor(primary: Database, { announce, ...caches }: RoleStoreOptions) {
    this.#primary = primary;
    this.#announce = announce;
    this.#caches = caches;
  }

  async listRoles({ after, limit }: Page, sessionId: string): Promise<readonly Role[]> {
    const { definitions, ownWrites } = this.#caches;
    const id = `${after ?? 'first'}.${limit}`;
    const direct = (): Promise<readonly Role[] | undefined> =>
      this.#primary.read<Role>(selectRoles, [after ?? null, limit]);
    const cached = () => definitions.read(id, direct);
    return (await ownWrites.read(sessionId, { type: 'role_definitions', id, cached, direct })) ?? [];
  }

  createRole({ id, name, description }: NamedThing, act: PendingAuditEvent): Promise<'created' | 'nameTaken'> {
    const insert = async (query: Query) => {
      await query(insertRole, [id, name, description]);
      return record(query, ['role_definitions']);
    };
    return nameTakenBy('roles', this.#change(insert, act));
  }

  async findRole(id: string): Promise<Role | undefined> {
    return (await this.#primary.read<Role>(selectRole, [id]))[0];
  }

  deleteRole(name: string, act: PendingAuditEvent): Promise<boolean> {
    return this.#deleteNamed(deleteRole, name, act);
  }

  setSecondFactorRequired(role: string, isRequired: boolean, act: PendingAuditEvent): Promise<boolean> {
    return this.#change(async (query) => {
      const changed = await query(setSecondFactorRequired, [role, isRequired]);
      return changed.length === 0 ? undefined : record(query, ['role_definitions']);
    }, act);
  }

  addPermission(role: string, permission: string, act: PendingAuditEvent): Promise<boolean> {
    return this.#changeRolePermission(insertRolePermission, role, permission, act);
  }

  removePermission(role: string, permission: string, act: PendingAuditEvent): Promise<boolean> {
    return this.#changeRolePermission(deleteRolePermission, role, permission, act);
  }

  listPermissions({ after, limit }: Page): Promise<Permission[]> {
    return this.#primary.read<Permission>(selectPermissions, [after ?? null, limit]);
  }

  async findPermission(id: string): Promise<Permission | undefined> {
    return (await this.#primary.read<Permission>(selectPermission, [id]))[0];
  }

  createPermission({ id, name, description }: NamedThing, act: PendingAuditEvent): Promise<'created' | 'nameTaken'> {
    const insertion = [insertPermission, [id, name, description]] as const;
    return nameTakenBy('permissions', queryAsAct(this.#primary, insertion, act));
  }

  deletePermission(name: string, act: PendingAuditEvent): Promise<boolean> {
    return this.#deleteNamed(deletePermission, name, act);
  }

  grantRole(...[userId, role, grantedBy, act]: Parameters<RoleStore['grantRole']>): Promise<boolean> {
    return this.#changeGrants(grants.role, userId, [role, grantedBy ?? null], act);
  }

  revokeRole(userId: string, role: string, act: PendingAuditEvent): Promise<boolean> {
    return this.#changeGrants(revocations.role, userId, [role], act);
  }

  grantPermission(...[userId, permission, grantedBy, act]: Parameters<RoleStore['grantPermission']>): Promise<boolean> {
    return this.#changeGrants(grants.permission, userId, [permission, grantedBy], act);
  }

  revokePermission(userId: string, permission: string, act: PendingAuditEvent): Promise<boolean> {
    return this.#changeGrants(revocations.permission, userId, [permission], act);
  }

  async hasAdministrator(): Promise<boolean> {
    return (await this.#primary.read(selectAdministrator, [])).length > 0;
  }

  #deleteNamed(statement: Statement, name: string, act: PendingAuditEvent): Promise<boolean> {
    return this.#change(async (query) => {
      const deleted = await query(statement, [name]);
      return deleted.length === 0 ? undefined : record(query, ['role_definitions', 'user_permissions']);
    }, act);
  }

  async #changeRolePermission(
    statement: Statement,
    role: string,
    permission: string,
    act: PendingAuditEvent,
  ): Promise<boolean> {
    let isFound = false;
    await this.#change(async (query) => {
      const [ids] = await query<{ role_id: string; permission_id: string }>(selectRoleAndPermission, [
        role,
        permission,
      ]);
      isFound = ids !== undefined;
      if (ids === undefined) return undefined;
      const changed = await query(statement, [ids.role_id, ids.permission_id]);
      return changed.length === 0 ? undefined : record(query, ['role_definitions', 'user_permissions']);
    }, act);
    return isFound;
  }

  async #changeGrants(
    statement: Statement,
    userId: string,
    names: readonly (string | null)[],
    act: PendingAuditEvent,
  ): Promise<boolean> {
    const event = userPermissionChange(userId);
    const values = [userId, ...names, JSON.stringify(event.targets)];
    const isFound = (await queryAsAct(this.#primary, [statement, values], act)).length > 0;
    if (isFound) await this.#announce(event);
    return isFound;
  }

  /** Whether the body changed anything, and so has an event. */
  async #change(
    body: (query: Query) => Promise<InvalidationEvent | undefined>,
    act: PendingAuditEvent,
  ): Promise<boolean> {
    const event = await this.#primary.transaction(async (query) => {
      const changed = await body(query);
      if (changed !== undefined) await recordAct(query, act);
      return changed;
    });
    if (event !== undefined) await this.#announce(event);
    return event !== undefined;
  }
}

/** Part of a transaction: of which users and lists a change is, is not known. */
async function record(query: Query, types: readonly SharedCacheType[]): Promise<InvalidationEvent> {
  const event = roleChange(await raiseVersions(query, types));
  await recordEvent(query, event);
  return event;
}

/** The id is there where a request was repeated while the first one was about to create it. */
async function nameTakenBy(table: string, creation: Promise<unknown>): Promise<'created' | 'nameTaken'> {
  try {
    await creation;
    return 'created';
  } catch (error) {
    if ([`${table}_name_key`, `${table}_pkey`].some((each) => isUniqueViolation(error, each))) return 'nameTaken';
    throw error;
  }
}
