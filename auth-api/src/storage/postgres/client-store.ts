import type { Announce } from '../../cache/invalidation-announcer.ts';
import { sessionLogout } from '../../cache/invalidation-events.ts';
import type { PendingAuditEvent } from '../../domain/audit.ts';
import type {
  ClientChange,
  ClientStore,
  KnownClientOutcome,
  NewClient,
  OAuthClient,
  UnknownPermissions,
} from '../../domain/ports/clients.ts';
import { type ExpectedVersion, isExpected } from '../../domain/ports/expected-version.ts';
import type { Page } from '../../domain/ports/page.ts';
import { recordAct } from './audit-events.ts';
import { recordEvent } from './cache-versions.ts';
import { type ClientRow, clientOf, selectClient, selectClients } from './client-rows.ts';
import type { Database, Query, Statement } from './database.ts';
import { isUniqueViolation } from './database-errors.ts';

const selectUnknownPermissions: Statement = {
  name: 'select_unknown_permissions',
  text: `SELECT asked.place::int - 1 AS index FROM unnest($1::text[]) WITH ORDINALITY AS asked (name, place)
    WHERE NOT EXISTS (SELECT 1 FROM auth.permissions p WHERE p.name = asked.name) ORDER BY asked.place`,
};

const insertClient: Statement = {
  name: 'insert_client',
  text: `INSERT INTO auth.clients (id, name, authentication, secret_hash, jwks, may, grant_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7)`,
};

const insertPermissions: Statement = {
  name: 'insert_client_permissions',
  text: `INSERT INTO auth.client_permissions (client_id, permission_id)
    SELECT $1, p.id FROM auth.permissions p WHERE p.name = ANY($2)`,
};

const deletePermissions: Statement = {
  name: 'delete_client_permissions',
  text: 'DELETE FROM auth.client_permissions WHERE client_id = $1',
};

/** Null for what stays. */
const updateClient: Statement = {
  name: 'update_client',
  text: `UPDATE auth.clients SET name = coalesce($2, name), status = coalesce($3, status), may = coalesce($4, may),
      jwks = coalesce($5, jwks), grant_id = coalesce($6, grant_id), version = version + 1, updated_at = now()
    WHERE id = $1`,
};

const lockClient: Statement = {
  name: 'lock_client',
  text: 'SELECT version, grant_id FROM auth.clients WHERE id = $1 FOR UPDATE',
};

const replaceSecret: Statement = {
  name: 'replace_client_secret',
  text: `UPDATE auth.clients SET secret_hash = $2, grant_id = coalesce($4, grant_id), version = version + 1, updated_at = now(),
      previous_secret_hash = CASE WHEN $3::int > 0 THEN secret_hash END,
      previous_secret_expires_at = CASE WHEN $3::int > 0 THEN now() + make_interval(secs => $3::int) END
    WHERE id = $1`,
};

const deleteClient: Statement = {
  name: 'delete_client',
  text: 'DELETE FROM auth.clients WHERE id = $1',
};

/** At most once a minute, however many pods the client asks. */
const noteUse: Statement = {
  name: 'note_client_use',
  text: `UPDATE auth.clients SET last_used_at = now()
    WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
};

export interface ClientStoreOptions {
  readonly announce: Announce;
  readonly onNoteError: (error: unknown) => void;
}

/** What a client's tokens live by ends as a session does, with the same event. */
export class PostgresClientStore implements ClientStore {
  readonly #primary: Database;
  readonly #options: ClientStoreOptions;

  constructor(primary: Database, options: ClientStoreOptions) {
    this.#primary = primary;
    this.#options = options;
  }

  async find(id: string): Promise<OAuthClient | undefined> {
    const [row] = await this.#primary.read<ClientRow>(selectClient, [id]);
    return row === undefined ? undefined : clientOf(row);
  }

  async list({ after, limit }: Page): Promise<readonly OAuthClient[]> {
    return (await this.#primary.read<ClientRow>(selectClients, [after ?? null, limit])).map(clientOf);
  }

  create({ id, name, credential, may, permissions, grantId }: NewClient, act: PendingAuditEvent) {
    const [authentication, secretHash, jwks] =
      'jwks' in credential
        ? ['private_key_jwt', null, JSON.stringify(credential.jwks)]
        : ['client_secret_basic', credential.secretHash, null];
    return unlessNameTaken(
      this.#primary.transaction(async (query) => {
        const unknown = await unknownPermissions(query, permissions);
        if (unknown !== undefined) return unknown;
        await query(insertClient, [id, name, authentication, secretHash, jwks, may, grantId]);
        await query(insertPermissions, [id, permissions]);
        await recordAct(query, act);
        return { kind: 'created' as const };
      }),
    );
  }

  async change(...[id, version, change, grantId, act]: Parameters<ClientStore['change']>) {
    let endedGrantId: string | undefined;
    const outcome = await unlessNameTaken(
      this.#primary.transaction(async (query) => {
        endedGrantId = undefined;
        const [locked] = await query<{ version: string; grant_id: string }>(lockClient, [id]);
        if (locked === undefined || !isExpected(version, Number(locked.version))) {
          return { kind: 'versionConflict' as const };
        }
        const unknown = await unknownPermissions(query, change.permissions ?? []);
        if (unknown !== undefined) return unknown;
        await write(query, id, change, grantId);
        if (grantId !== undefined) {
          endedGrantId = locked.grant_id;
          await recordEvent(query, sessionLogout([locked.grant_id]));
        }
        const [row] = await query<ClientRow>(selectClient, [id]);
        if (row === undefined) throw new Error('a client was gone while it was locked');
        await recordAct(query, act);
        return { kind: 'changed' as const, client: clientOf(row) };
      }),
    );
    if (endedGrantId !== undefined) await this.#options.announce(sessionLogout([endedGrantId]));
    return outcome;
  }

  replaceSecret(...[id, version, replacement, act]: Parameters<ClientStore['replaceSecret']>) {
    const { secretHash, keepPreviousSeconds, grantId } = replacement;
    const values = [id, secretHash, keepPreviousSeconds, grantId ?? null];
    return this.#write({ id, version, act, endsTokens: grantId !== undefined }, (query) =>
      query(replaceSecret, values),
    );
  }

  delete(...[id, version, act]: Parameters<ClientStore['delete']>) {
    return this.#write({ id, version, act, endsTokens: true }, (query) => query(deleteClient, [id]));
  }

  noteUse(id: string): void {
    this.#primary.query(noteUse, [id]).catch(this.#options.onNoteError);
  }

  /** Where the client is what its reader knows. */
  async #write({ id, version, act, endsTokens }: KnownWrite, body: (query: Query) => Promise<unknown>) {
    let endedGrantId: string | undefined;
    const outcome = await this.#primary.transaction(async (query): Promise<KnownClientOutcome> => {
      endedGrantId = undefined;
      const [locked] = await query<{ version: string; grant_id: string }>(lockClient, [id]);
      if (locked === undefined) return 'notFound';
      if (!isExpected(version, Number(locked.version))) return 'versionConflict';
      await body(query);
      if (endsTokens) {
        endedGrantId = locked.grant_id;
        await recordEvent(query, sessionLogout([locked.grant_id]));
      }
      await recordAct(query, act);
      return 'done';
    });
    if (endedGrantId !== undefined) await this.#options.announce(sessionLogout([endedGrantId]));
    return outcome;
  }
}

interface KnownWrite {
  readonly id: string;
  readonly version: ExpectedVersion;
  readonly act: PendingAuditEvent;
  readonly endsTokens: boolean;
}

async function write(
  query: Query,
  id: string,
  { name, status, may, jwks, permissions }: ClientChange,
  grantId: string | undefined,
): Promise<void> {
  const keys = jwks === undefined ? null : JSON.stringify(jwks);
  await query(updateClient, [id, name ?? null, status ?? null, may ?? null, keys, grantId ?? null]);
  if (permissions === undefined) return;
  await query(deletePermissions, [id]);
  await query(insertPermissions, [id, permissions]);
}

async function unknownPermissions(query: Query, names: readonly string[]): Promise<UnknownPermissions | undefined> {
  if (names.length === 0) return undefined;
  const unknown = await query<{ index: number }>(selectUnknownPermissions, [names]);
  return unknown.length === 0 ? undefined : { kind: 'unknownPermissions', indexes: unknown.map(({ index }) => index) };
}

/** The id is there where a request was repeated while the first one was about to create it. */
async function unlessNameTaken<T>(write: Promise<T>): Promise<T | { readonly kind: 'nameTaken' }> {
  try {
    return await write;
  } catch (error) {
    if (['clients_name_key', 'clients_pkey'].some((each) => isUniqueViolation(error, each))) {
      return { kind: 'nameTaken' };
    }
    throw error;
  }
}
