import { randomBytes } from 'node:crypto';
import bcrypt from 'bcrypt';
import pg from 'pg';
import { eventually } from '../../dev/eventually.ts';
import type { Client, Credentials, Tokens } from '../integration/harness/client.ts';
import { database, passwords } from '../integration/harness/postgres.ts';
import type { Stack } from '../integration/harness/stack.ts';
import { uuidV7 } from '../src/domain/uuid.ts';

export const password = 'correct horse battery staple';

export interface SeededAccounts {
  readonly count: number;
  readonly hash?: string;
  readonly cost?: number;
  readonly status?: 'active' | 'disabled';
}

/** Writes accounts that share one password into the database, past the API. */
export async function seedAccounts(
  { primaryPort }: Stack,
  { count, cost = 4, hash = bcrypt.hashSync(password, cost), status = 'active' }: SeededAccounts,
): Promise<Credentials[]> {
  const name = randomBytes(6).toString('hex');
  const accounts = Array.from({ length: count }, (_, index) => ({ id: uuidV7(Date.now()), name: `${name}-${index}` }));
  const client = new pg.Client({
    host: '127.0.0.1',
    port: primaryPort,
    database,
    user: 'auth_app',
    password: passwords.auth_app,
  });
  await client.connect();
  try {
    await client.query(
      `WITH account AS (
        INSERT INTO auth.users (id, username, username_key, status)
        SELECT id, name, name, $3 FROM unnest($1::uuid[], $2::text[]) AS a (id, name) RETURNING id
      ) INSERT INTO auth.credentials (user_id, password_hash) SELECT id, $4 FROM account`,
      [accounts.map(({ id }) => id), accounts.map(({ name }) => name), status, hash],
    );
  } finally {
    await client.end();
  }
  return accounts.map(({ name: username }) => ({ username, password }));
}

/** One session for each account, however busy the machine is. Throws where a login is refused. */
export async function openSessions(client: Client, accounts: readonly Credentials[]): Promise<Tokens[]> {
  return inTurns(accounts, 2, (account) =>
    eventually(async () => {
      const { status, body } = await client.login(account);
      if (status !== 200) throw new Error(`a login answered ${status}`);
      return body;
    }),
  );
}

/** Runs over all items, so many at once, and keeps their order. */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  run: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = items.entries();
  const runner = async () => {
    for (const [index, item] of left) results[index] = await run(item, index);
  };
  await Promise.all(Array.from({ length: atOnce }, runner));
  return results;
}
