import type { Announce } from '../../cache/invalidation-announcer.ts';
import { roleChange } from '../../cache/invalidation-events.ts';
import type { AccessDifference, AccessDocument, AccessNames } from '../../domain/access-document.ts';
import type { PendingAuditEvent } from '../../domain/audit.ts';
import type { AccessDocuments, HeldAccess } from '../../domain/ports/access-documents.ts';
import {
  deletePermissions,
  deleteRolePermissions,
  deleteRoles,
  insertRolePermissions,
  lockDefinitions,
  lockPermissions,
  lockRoles,
  selectDocument,
  selectGranted,
  selectIsHeld,
  writePermissions,
  writeRoles,
} from './access-document-statements.ts';
import { recordAct } from './audit-events.ts';
import { raiseVersions, recordEvent } from './cache-versions.ts';
import { lockCharge } from './charge-of-roles.ts';
import type { Database, Query } from './database.ts';

export interface AccessDocumentStoreOptions {
  readonly announce: Announce;
  readonly newId: () => string;
}

export class PostgresAccessDocuments implements AccessDocuments {
  readonly #primary: Database;
  readonly #options: AccessDocumentStoreOptions;

  constructor(primary: Database, options: AccessDocumentStoreOptions) {
    this.#primary = primary;
    this.#options = options;
  }

  read(): Promise<AccessDocument> {
    return documentIn((statement, values) => this.#primary.read(statement, values));
  }

  granted(names: AccessNames): Promise<AccessNames> {
    return grantedAmong((statement, values) => this.#primary.read(statement, values), names);
  }

  async hold<Outcome>(act: PendingAuditEvent, body: (held: HeldAccess) => Promise<Outcome>): Promise<Outcome> {
    const { announce, newId } = this.#options;
    const { outcome, event } = await this.#primary.transaction(async (query) => {
      // Nor does anybody lose meanwhile what isHeld counts on.
      await query(lockCharge, []);
      await query(lockDefinitions, []);
      let isWritten = false;
      const outcome = await body({
        present: await documentIn(query),
        granted: async (names) => {
          await query(lockRoles, [names.roles]);
          await query(lockPermissions, [names.permissions]);
          return grantedAmong(query, names);
        },
        isHeld: async (permission, roles) => {
          const [row] = await query<{ isHeld: boolean }>(selectIsHeld, [permission, roles]);
          return row?.isHeld === true;
        },
        write: async (difference) => {
          isWritten = true;
          await writeDifference(query, difference, newId);
        },
      });
      if (!isWritten) return { outcome, event: undefined };
      const event = roleChange(await raiseVersions(query, ['role_definitions', 'user_permissions']));
      await recordEvent(query, event);
      await recordAct(query, act);
      return { outcome, event };
    });
    if (event !== undefined) await announce(event);
    return outcome;
  }
}

async function documentIn(query: Query): Promise<AccessDocument> {
  const [document] = await query<AccessDocument>(selectDocument, []);
  if (document === undefined) throw new Error('a SELECT without FROM answered no row');
  return document;
}

async function grantedAmong(query: Query, { roles, permissions }: AccessNames): Promise<AccessNames> {
  const [granted] = await query<AccessNames>(selectGranted, [roles, permissions]);
  return granted ?? { roles: [], permissions: [] };
}

/** In this order: what a role is to permit is there, and what is deleted takes nothing along that is told of. */
async function writeDifference(
  query: Query,
  { permissions, roles }: AccessDifference,
  newId: () => string,
): Promise<void> {
  const added = [
    ...roles.created.flatMap(({ name, permissions: all }) => all.map((permission) => ({ role: name, permission }))),
    ...roles.changed.flatMap(({ role, permissionsAdded }) =>
      permissionsAdded.map((permission) => ({ role: role.name, permission })),
    ),
  ];
  const removed = roles.changed.flatMap(({ role, permissionsRemoved }) =>
    permissionsRemoved.map((permission) => ({ role: role.name, permission })),
  );
  const withId = <Thing extends object>(thing: Thing) => ({ id: newId(), ...thing });
  await query(writePermissions, [JSON.stringify([...permissions.created, ...permissions.changed].map(withId))]);
  await query(writeRoles, [JSON.stringify([...roles.created, ...roles.changed.map(({ role }) => role)].map(withId))]);
  await query(deleteRolePermissions, [JSON.stringify(removed)]);
  await query(deleteRoles, [roles.deleted]);
  await query(deletePermissions, [permissions.deleted]);
  await query(insertRolePermissions, [JSON.stringify(added)]);
}
