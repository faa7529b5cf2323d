import type { Client as PgClient } from 'pg';
import { administratorToken } from '../integration/harness/administrator-token.ts';
import type { ApiProcess } from '../integration/harness/api-process.ts';
import { Client } from '../integration/harness/client.ts';
import { connect } from '../integration/harness/postgres.ts';
import type { Stack } from '../integration/harness/stack.ts';
import { cursorOf } from '../src/http/cursor.ts';
import { type Bar, median, quantile } from './bars.ts';

const accounts = 1_000_000;
const requestsOfEach = 300;
const limitMs = 50;

/** As they were made, with `n` in all that is searched for. */
const idOf = (n: number) => {
  const hex = (firstMs + n).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${n.toString(16).padStart(12, '0')}`;
};
const firstMs = 1_500_000_000_000;
const nameOf = (n: number) => `${scattered(n)}-${n}`;

/** Seven hexadecimal digits, so that names are not in the order of ids. Odd factors reach every one. */
const scattered = (n: number) => ((n * 40_503_001) % 2 ** 28).toString(16).padStart(7, '0');

interface Search {
  readonly query: (n: number) => string;
  /** How many of the million it finds, about. */
  readonly found: number;
  /** The position of an account in its order; undefined: the first page is asked for. */
  readonly after?: (n: number) => { readonly key: string; readonly id: string };
}

const byId = (n: number) => ({ key: '', id: idOf(n) });
const byName = (n: number) => ({ key: nameOf(n), id: idOf(n) });
const byEmail = (n: number) => ({ key: `${nameOf(n)}@example.com`, id: idOf(n) });

const searches: Readonly<Record<string, Search>> = {
  all: { query: () => '', found: accounts },
  'all-deep': { query: () => '', found: accounts, after: byId },
  'username-short': { query: (n) => `username_prefix=${nameOf(n).slice(0, 1)}`, found: accounts / 16 },
  'username-long': { query: (n) => `username_prefix=${nameOf(n).slice(0, 4)}`, found: accounts / 65_536 },
  'username-deep': { query: (n) => `username_prefix=${nameOf(n).slice(0, 1)}`, found: accounts / 16, after: byName },
  'email-short': { query: (n) => `email_prefix=${nameOf(n).slice(0, 1)}`, found: accounts / 16 },
  'email-whole': { query: (n) => `email_prefix=${nameOf(n)}@example.com`, found: 1 },
  'email-deep': { query: (n) => `email_prefix=${nameOf(n).slice(0, 1)}`, found: accounts / 16, after: byEmail },
  'email-none': { query: (n) => `email_prefix=nobody-${n}`, found: 0 },
  'status-active': { query: () => 'status=active', found: accounts * 0.99 },
  'status-active-deep': { query: () => 'status=active', found: accounts * 0.99, after: byId },
  'status-disabled-deep': { query: () => 'status=disabled', found: accounts / 100, after: byId },
  'role-of-all': { query: () => 'role=bench.everybody', found: accounts },
  'role-of-all-deep': { query: () => 'role=bench.everybody', found: accounts, after: byId },
  'role-of-few-deep': { query: () => 'role=bench.few', found: accounts / 1000, after: byId },
};

/** Pages of a hundred accounts among a million, over HTTP. */
export async function measureSearch({ primaryPort }: Stack, api: ApiProcess): Promise<Bar[]> {
  const database = await connect(primaryPort, 'postgres');
  try {
    await fill(database);
  } finally {
    await database.end();
  }
  const client = new Client(api.url);
  const token = await administratorToken(client, 60_000);
  const bars: Bar[] = [];
  for (const [name, search] of Object.entries(searches)) bars.push(await measure(name, search, client, token));
  const worst = Math.max(...bars.map(({ value }) => value));
  return [{ ...barOf('admin-search-p95-ms', worst), details: { accounts, kinds: bars.length } }, ...bars];
}

async function measure(name: string, search: Search, client: Client, token: string): Promise<Bar> {
  const times: number[] = [];
  let shown = 0;
  for (let request = 0; request < requestsOfEach; request += 1) {
    const n = Math.floor(Math.random() * accounts);
    const cursor = search.after === undefined ? '' : `&cursor=${cursorOf(search.after(n))}`;
    const startedMs = performance.now();
    const path = `/v1/admin/users?limit=100&${search.query(n)}${cursor}`;
    const { status, body } = await client.send<{ items: unknown[] }>('GET', path, { token });
    times.push(performance.now() - startedMs);
    if (status !== 200) throw new Error(`a search (${name}) answered ${status}`);
    shown += body.items.length;
  }
  const details = {
    p50Ms: median(times),
    highestMs: Math.max(...times),
    accountsShown: shown / requestsOfEach,
    accountsFound: search.found,
  };
  return { ...barOf(`admin-search-${name}-p95-ms`, quantile(times, 0.95)), details };
}

function barOf(name: string, value: number): Omit<Bar, 'details'> {
  return { name, value, limit: limitMs, direction: 'at-most' };
}

/** One account in a hundred is disabled; everybody has one role, and one in a thousand another. */
async function fill(database: PgClient): Promise<void> {
  const numbers = `generate_series(0, ${accounts - 1}) AS n`;
  const digits = `lpad(to_hex((n::bigint * 40503001) % 268435456), 7, '0') || '-' || n`;
  const id = `(lpad(to_hex(${firstMs} + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid`;
  const role = (name: string) => `INSERT INTO auth.roles (id, name) VALUES (gen_random_uuid(), '${name}') RETURNING id`;
  await database.query('SET synchronous_commit = off');
  await database.query(`INSERT INTO auth.users (id, username, username_key, email, display_name, status)
    SELECT ${id}, ${digits}, ${digits}, ${digits} || '@Example.com', 'Ada Lovelace',
      CASE n % 100 WHEN 0 THEN 'disabled' ELSE 'active' END FROM ${numbers}`);
  await database.query(`WITH role AS (${role('bench.everybody')})
    INSERT INTO auth.user_roles (user_id, role_id) SELECT ${id}, role.id FROM role, ${numbers}`);
  await database.query(`WITH role AS (${role('bench.few')})
    INSERT INTO auth.user_roles (user_id, role_id) SELECT ${id}, role.id FROM role, ${numbers} WHERE n % 1000 = 0`);
  await database.query('VACUUM ANALYZE auth.users');
  await database.query('VACUUM ANALYZE auth.user_roles');
}
