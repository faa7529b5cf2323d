import type { SharedCacheType } from '../../cache/cache-types.ts';
import type { Announce } from '../../cache/invalidation-announcer.ts';
import { type InvalidationEvent, roleChange, userPermissionChange } from '../../cache/invalidation-events.ts';
import type { OwnWrites } from '../../cache/own-writes.ts';
import type { SharedCache } from '../../cache/shared-cache.ts';
import { mayChangeRoles } from '../../domain/access-document.ts';
import type { NamedThing, Permission, Role, RoleGrant, RoleStore } from '../../domain/administration.ts';
import type { PendingAuditEvent } from '../../domain/audit.ts';
import { isRoleListTooLong } from '../../domain/permissions.ts';
import type { Page } from '../../domain/ports/page.ts';
import type { Taking } from '../../domain/ports/users.ts';
import { queryAsAct, recordAct } from './audit-events.ts';
import { raiseVersions, recordEvent } from './cache-versions.ts';
import { leavesSomebodyInCharge, leavesSomebodyWithoutRole } from './charge-of-roles.ts';
import type { Database, Query, Statement } from './database.ts';
import { isUniqueViolation } from './database-errors.ts';
import {
  deletePermission,
  deleteRole,
  deleteRolePermission,
  type GrantedThing,
  grants,
  insertPermission,
  insertRole,
  insertRolePermission,
  revocations,
  selectAdministrator,
  selectPermission,
  selectPermissions,
  selectRole,
  selectRoleAndPermission,
  selectRoles,
  selectRolesWith,
  setSecondFactorRequired,
} from './role-statements.ts';
import { lockUser } from './user-statements.ts';

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

  deleteRole(name: string, act: PendingAuditEvent): Promise<Taking> {
    return this.#change(async (query) => {
      if (!(await leavesSomebodyWithoutRole(query, name))) return 'neededByService';
      return deleteNamed(query, deleteRole, name);
    }, act);
  }

  async setSecondFactorRequired(role: string, isRequired: boolean, act: PendingAuditEvent): Promise<boolean> {
    const change = async (query: Query) => {
      const changed = await query(setSecondFactorRequired, [role, isRequired]);
      return changed.length === 0 ? undefined : record(query, ['role_definitions']);
    };
    return (await this.#change(change, act)) === 'done';
  }

  async addPermission(role: string, permission: string, act: PendingAuditEvent): Promise<boolean> {
    return (await this.#changeRolePermission(insertRolePermission, role, permission, act)) === 'done';
  }

  removePermission(role: string, permission: string, act: PendingAuditEvent): Promise<Taking> {
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

  async deletePermission(name: string, act: PendingAuditEvent): Promise<boolean> {
    return (await this.#change((query) => deleteNamed(query, deletePermission, name), act)) === 'done';
  }

  async grantRole(...[userId, role, grantedBy, act]: Parameters<RoleStore['grantRole']>): Promise<RoleGrant> {
    const event = userPermissionChange(userId);
    const outcome = await this.#primary.transaction(async (query): Promise<RoleGrant> => {
      // Of two grants at once the later one sees what the earlier one has made of the list.
      await query(lockUser, [userId]);
      const [held] = await query<{ roles: string[] }>(selectRolesWith, [userId, role]);
      if (isRoleListTooLong(held?.roles ?? [])) return 'tooManyRoles';
      const values = [userId, role, grantedBy ?? null, JSON.stringify(event.targets)];
      if ((await query(grants.role, values)).length === 0) return 'notFound';
      await recordAct(query, act);
      return 'done';
    });
    if (outcome === 'done') await this.#announce(event);
    return outcome;
  }

  revokeRole(userId: string, role: string, act: PendingAuditEvent): Promise<Taking> {
    return this.#revoke('role', userId, role, act);
  }

  async grantPermission(
    ...[userId, permission, grantedBy, act]: Parameters<RoleStore['grantPermission']>
  ): Promise<boolean> {
    const event = userPermissionChange(userId);
    const values = [userId, permission, grantedBy, JSON.stringify(event.targets)];
    const isFound = (await queryAsAct(this.#primary, [grants.permission, values], act)).length > 0;
    if (isFound) await this.#announce(event);
    return isFound;
  }

  revokePermission(userId: string, permission: string, act: PendingAuditEvent): Promise<Taking> {
    return this.#revoke('permission', userId, permission, act);
  }

  async hasAdministrator(): Promise<boolean> {
    return (await this.#primary.read(selectAdministrator, [])).length > 0;
  }

  async #changeRolePermission(
    statement: Statement,
    role: string,
    permission: string,
    act: PendingAuditEvent,
  ): Promise<Taking> {
    const isLessening = statement === deleteRolePermission && permission === mayChangeRoles;
    let isFound = false;
    const taken = await this.#change(async (query) => {
      isFound = false;
      if (isLessening && !(await leavesSomebodyWithoutRole(query, role))) return 'neededByService';
      const [ids] = await query<{ role_id: string; permission_id: string }>(selectRoleAndPermission, [
        role,
        permission,
      ]);
      isFound = ids !== undefined;
      if (ids === undefined) return undefined;
      const changed = await query(statement, [ids.role_id, ids.permission_id]);
      return changed.length === 0 ? undefined : record(query, ['role_definitions', 'user_permissions']);
    }, act);
    return isFound ? 'done' : taken;
  }

  async #revoke(thing: GrantedThing, userId: string, name: string, act: PendingAuditEvent): Promise<Taking> {
    const event = userPermissionChange(userId);
    const outcome = await this.#primary.transaction(async (query): Promise<Taking> => {
      await query(lockUser, [userId]);
      if (!(await leavesSomebodyInCharge(query, userId, `${thing} ${name}`))) return 'neededByService';
      const revoked = await query(revocations[thing], [userId, name, JSON.stringify(event.targets)]);
      if (revoked.length === 0) return 'notFound';
      await recordAct(query, act);
      return 'done';
    });
    if (outcome === 'done') await this.#announce(event);
    return outcome;
  }

  /** What the body changed has an event; undefined: there is nothing to change. */
  async #change(
    body: (query: Query) => Promise<InvalidationEvent | 'neededByService' | undefined>,
    act: PendingAuditEvent,
  ): Promise<Taking> {
    const event = await this.#primary.transaction(async (query) => {
      const changed = await body(query);
      if (typeof changed === 'object') await recordAct(query, act);
      return changed;
    });
    if (typeof event !== 'object') return event ?? 'notFound';
    await this.#announce(event);
    return 'done';
  }
}

async function deleteNamed(query: Query, statement: Statement, name: string): Promise<InvalidationEvent | undefined> {
  const deleted = await query(statement, [name]);
  return deleted.length === 0 ? undefined : record(query, ['role_definitions', 'user_permissions']);
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
