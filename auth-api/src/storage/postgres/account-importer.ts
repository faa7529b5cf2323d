import type { AccountImporter, ImportedAccount, ImportOutcome } from '../../domain/ports/account-transfer.ts';
import { addressKey } from '../../domain/username.ts';
import { noPassword } from './account-exporter.ts';
import type { Database, Query, Statement } from './database.ts';
import { isDeadlock } from './database-errors.ts';

/** Keeps the roles from being deleted before they are granted. */
const lockRoles: Statement = {
  name: 'lock_roles_to_import',
  text: 'SELECT id, name FROM auth.roles WHERE name = ANY($1) ORDER BY id FOR KEY SHARE',
};

/** Accounts as JSON, of which a batch has no more than one statement can carry. $2 is who grants their roles. */
const insertAccounts: Statement = {
  name: 'import_accounts',
  text: `WITH line AS MATERIALIZED (
      SELECT id, username, username_key, email, verified_email_key, display_name, locale, password_hash, role_ids, status,
        external_id, created_at
      FROM jsonb_to_recordset($1::jsonb) AS l (id uuid, username text, username_key text, email text,
        verified_email_key text, display_name text, locale text, password_hash text, role_ids uuid[], status text,
        external_id text, created_at timestamptz)
    ), account AS (
      INSERT INTO auth.users (id, username, username_key, email, verified_email, verified_email_key, display_name, locale,
        status, external_id, created_at)
      SELECT id, username, username_key, email, CASE WHEN verified_email_key IS NOT NULL THEN email END,
        verified_email_key, display_name, locale, status, external_id, coalesce(created_at, now())
      FROM line ORDER BY username_key
      ON CONFLICT DO NOTHING
      RETURNING id
    ), credential AS (
      INSERT INTO auth.credentials (user_id, password_hash)
      SELECT l.id, l.password_hash FROM line l JOIN account a ON a.id = l.id
    ), granted AS (
      INSERT INTO auth.user_roles (user_id, role_id, granted_by)
      SELECT l.id, r.id, $2::uuid FROM line l JOIN account a ON a.id = l.id CROSS JOIN unnest(l.role_ids) AS r (id)
    )
    SELECT id FROM account`,
};

/** What was in the way of a line: its own account, or another one with the same name, id or verified address. */
const selectObstacles: Statement = {
  name: 'select_import_obstacles',
  text: `SELECT u.id, u.username_key, u.verified_email_key, u.external_id FROM auth.users u
    WHERE u.username_key = ANY($1) OR u.id = ANY($2::uuid[]) OR u.verified_email_key = ANY($3)`,
};

interface ObstacleRow {
  id: string;
  username_key: string;
  verified_email_key: string | null;
  external_id: string | null;
}

/** Two imports of the same accounts may lock them in different orders. */
const mostDeadlocks = 5;

export class PostgresAccountImporter implements AccountImporter {
  readonly #primary: Database;

  constructor(primary: Database) {
    this.#primary = primary;
  }

  async importBatch(accounts: readonly ImportedAccount[], grantedBy: string): Promise<readonly ImportOutcome[]> {
    for (let deadlocks = 0; ; deadlocks += 1) {
      try {
        return await this.#primary.transaction((query) => importInto(query, accounts, grantedBy));
      } catch (error) {
        if (!isDeadlock(error) || deadlocks === mostDeadlocks) throw error;
      }
    }
  }
}

/** Nothing that exists changes, and nothing is cached of what does not exist: no invalidation is needed. */
async function importInto(
  query: Query,
  accounts: readonly ImportedAccount[],
  grantedBy: string,
): Promise<ImportOutcome[]> {
  const roles = await roleIds(query, accounts);
  const outcomes = new Map<string, ImportOutcome>();
  for (const { id, roles: names } of accounts) {
    const unknown = names.filter((name) => !roles.has(name));
    if (unknown.length > 0) outcomes.set(id, { kind: 'unknownRoles', roles: unknown });
  }
  const insertable = accounts.filter(({ id }) => !outcomes.has(id));
  const lines = insertable.map((account) => lineOf(account, roles));
  const created = await query<{ id: string }>(insertAccounts, [JSON.stringify(lines), grantedBy]);
  for (const { id } of created) outcomes.set(id, { kind: 'created' });
  await explain(
    query,
    insertable.filter(({ id }) => !outcomes.has(id)),
    outcomes,
  );
  return accounts.map(({ id }) => outcomes.get(id) ?? { kind: 'inconclusive' });
}

async function roleIds(query: Query, accounts: readonly ImportedAccount[]): Promise<Map<string, string>> {
  const names = new Set(accounts.flatMap(({ roles }) => roles));
  if (names.size === 0) return new Map();
  const rows = await query<{ id: string; name: string }>(lockRoles, [[...names]]);
  return new Map(rows.map(({ id, name }) => [name, id]));
}

function lineOf(account: ImportedAccount, roles: ReadonlyMap<string, string>): object {
  return {
    id: account.id,
    username: account.username,
    username_key: account.usernameKey,
    email: account.email,
    verified_email_key: verifiedKey(account),
    display_name: account.displayName,
    locale: account.locale,
    password_hash: account.passwordHash ?? noPassword,
    role_ids: account.roles.map((name) => roles.get(name)),
    status: account.status,
    external_id: account.externalId,
    created_at: account.createdAt,
  };
}

async function explain(
  query: Query,
  accounts: readonly ImportedAccount[],
  outcomes: Map<string, ImportOutcome>,
): Promise<void> {
  if (accounts.length === 0) return;
  const rows = await query<ObstacleRow>(selectObstacles, [
    accounts.map(({ usernameKey }) => usernameKey),
    accounts.map(({ id }) => id),
    accounts.map(verifiedKey).filter((key) => key !== null),
  ]);
  const byName = new Map(rows.map((row) => [row.username_key, row]));
  const ids = new Set(rows.map(({ id }) => id));
  const addresses = new Set(rows.map((row) => row.verified_email_key));
  for (const account of accounts) {
    const namesake = byName.get(account.usernameKey);
    const outcome = outcomeOf(account, { namesake, isIdTaken: ids.has(account.id), addresses });
    outcomes.set(account.id, outcome);
  }
}

function outcomeOf(
  account: ImportedAccount,
  obstacles: {
    readonly namesake: ObstacleRow | undefined;
    readonly isIdTaken: boolean;
    readonly addresses: ReadonlySet<string | null>;
  },
): ImportOutcome {
  const { namesake, isIdTaken, addresses } = obstacles;
  if (namesake !== undefined) {
    const isSame = namesake.id === account.id || namesake.external_id === account.externalId;
    return { kind: isSame ? 'unchanged' : 'usernameTaken' };
  }
  if (isIdTaken) return { kind: 'idTaken' };
  const key = verifiedKey(account);
  return { kind: key !== null && addresses.has(key) ? 'emailTaken' : 'inconclusive' };
}

function verifiedKey({ email, isEmailVerified }: ImportedAccount): string | null {
  return isEmailVerified && email !== null ? addressKey(email) : null;
}
