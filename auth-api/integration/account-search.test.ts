import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { accountSearch, type accountSearches } from '../src/storage/postgres/account-search.ts';
import { Administration } from './harness/administration.ts';
import { type Client, newCredentials, unlessBusy } from './harness/client.ts';
import { connect } from './harness/postgres.ts';
import { runningStack } from './harness/running-stack.ts';

let administration: Administration;
let client: Client;
beforeAll(async () => {
  administration = await Administration.start();
  ({ client } = administration);
});
afterAll(() => administration?.stop());

interface Page {
  readonly items: readonly { readonly username: string }[];
  readonly next_cursor: string | null;
}

const admin = (method: string, path: string, body?: object) => administration.send<Page>(method, path, body);

/** The names on all pages, which are as long as they may be but for the last one. */
async function found(query: string, limit = 2): Promise<string[]> {
  const names: string[] = [];
  for (let cursor = ''; ; ) {
    const { status, body } = await admin('GET', `/users?limit=${limit}&${query}${cursor}`);
    expect(status).toBe(200);
    names.push(...body.items.map(({ username }) => username));
    if (body.next_cursor === null) return names;
    expect(body.items).toHaveLength(limit);
    cursor = `&cursor=${body.next_cursor}`;
  }
}

/** Accounts named `<prefix>-a`, `-b`, …, with addresses in the other order. */
async function newAccounts(count: number) {
  const prefix = `Find${randomBytes(5).toString('hex')}`;
  const ids: string[] = [];
  const usernames = Array.from({ length: count }, (_, index) => `${prefix}-${'abcdef'.charAt(index)}`);
  for (const [index, username] of usernames.entries()) {
    const email = `${prefix}.${'fedcba'.charAt(index)}@Example.com`;
    const { body } = await unlessBusy(() => client.register({ username, email, password: newCredentials().password }));
    ids.push(String(body.id));
  }
  return { prefix, usernames, ids };
}

describe('accounts are found', () => {
  test('by the beginning of their names, whatever its case, page by page', async () => {
    const { prefix, usernames } = await newAccounts(5);
    expect(await found(`username_prefix=${prefix.toUpperCase()}`)).toEqual(usernames);
    expect(await found(`username_prefix=${prefix.slice(0, -1)}`, 5)).toEqual(usernames);
    expect(await found(`username_prefix=${prefix}-c`)).toEqual([usernames[2]]);
    expect(await found(`username_prefix=${prefix}%25`)).toEqual([]);
  });

  test('by the beginning of their addresses, in the order of these', async () => {
    const { prefix, usernames } = await newAccounts(4);
    expect(await found(`email_prefix=${prefix.toLowerCase()}.`)).toEqual(usernames.toReversed());
  });

  test('that have the same address: each once', async () => {
    const email = `${randomBytes(6).toString('hex')}@example.com`;
    const people = [newCredentials(), newCredentials(), newCredentials()];
    for (const person of people) await unlessBusy(() => client.register({ ...person, email }));
    expect((await found(`email_prefix=${email}`, 1)).sort()).toEqual(people.map(({ username }) => username).sort());
  });

  test('by their role', async () => {
    const { usernames, ids } = await newAccounts(3);
    const role = `find.${randomBytes(5).toString('hex')}`;
    await admin('POST', '/roles', { name: role });
    expect(await found(`role=${role}`)).toEqual([]);
    for (const id of ids) await admin('PUT', `/users/${id}/roles/${role}`);
    expect(await found(`role=${role}`)).toEqual(usernames);
    expect(await found('role=no.such.role')).toEqual([]);
  });

  test('by their status', async () => {
    const { usernames, ids } = await newAccounts(3);
    for (const id of ids) await admin('PATCH', `/users/${id}`, { status: 'disabled' });
    expect((await found('status=disabled')).filter((name) => usernames.includes(name))).toEqual(usernames);
    for (const id of ids) await admin('PATCH', `/users/${id}`, { status: 'active' });
    expect(await found('status=disabled', 100)).not.toEqual(expect.arrayContaining(usernames));
  });

  test('the oldest first where nothing is searched for', async () => {
    const { usernames } = await newAccounts(3);
    const all = await found('', 100);
    expect(all.filter((name) => usernames.includes(name))).toEqual(usernames);
    expect(new Set(all).size).toBe(all.length);
  });

  test.each([
    ['username_prefix=a&status=active', ''],
    ['cursor=nonsense', '/cursor'],
    [`cursor=${Buffer.from('["a","b"]').toString('base64url')}`, '/cursor'],
    ['status=gone', '/status'],
    ['role=No%20Role', '/role'],
    ['username_prefix=', '/username_prefix'],
    ['email_prefix=a&email_prefix=b', '/email_prefix'],
    ['q=a', '/q'],
  ])('but not by %s', async (query, pointer) => {
    expect(await admin('GET', `/users?${query}`)).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
  });
});

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly Plan[];
}

const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

describe('with many accounts', () => {
  const page = { key: 'search9', id: '01890a5d-ac96-774b-bcce-b302099a8057' };
  const search = (by: keyof typeof accountSearches, value: string | undefined) =>
    accountSearch({ by, value } as Parameters<typeof accountSearch>[0], page, 1);

  test.each([
    ['all', undefined, 'users_pkey'],
    ['status', 'active', 'users_status_search'],
    ['status', 'disabled', 'users_status_search'],
    ['role', 'search', 'user_roles_search'],
    ['username', 'search9', 'users_username_search'],
    ['email', 'search9', 'users_email_search'],
  ] as const)('a search by %s (%s) walks along an index, and reads no more than it shows', async (by, value, index) => {
    const database = await connect(runningStack().primaryPort, 'auth_migrator');
    try {
      await database.query('BEGIN');
      await database.query(`INSERT INTO auth.users (id, username, username_key, email, status)
        SELECT gen_random_uuid(), 'search' || n, 'search' || n, 'Search' || n || '@example.com',
          CASE n % 100 WHEN 0 THEN 'disabled' ELSE 'active' END FROM generate_series(1, 20000) AS n`);
      await database.query(`INSERT INTO auth.roles (id, name) VALUES (gen_random_uuid(), 'search')`);
      await database.query(`INSERT INTO auth.user_roles (user_id, role_id)
        SELECT u.id, r.id FROM auth.users u, auth.roles r WHERE r.name = 'search'`);
      await database.query('ANALYZE auth.users');
      await database.query('ANALYZE auth.user_roles');
      // As it is planned once a statement has been used a few times: without knowing its values.
      await database.query('SET LOCAL plan_cache_mode = force_generic_plan');
      const { statement, values } = search(by, value);
      await database.query(`PREPARE search AS ${statement.text}`);
      const given = values.map((each) => (typeof each === 'number' ? each : database.escapeLiteral(String(each))));
      const { rows } = await database.query(
        `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE search (${given.join(', ')})`,
      );
      const nodes = nodesOf(rows[0]['QUERY PLAN'][0].Plan);
      expect(nodes.map((node) => node['Index Name'])).toContain(index);
      const scanned = nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name']);
      expect(scanned.filter((table) => table === 'users' || table === 'user_roles')).toEqual([]);
      // The names of roles are sorted for each account; accounts never are.
      const [limit] = nodes;
      const outer = [limit, ...(limit?.Plans ?? [])].map((node) => node?.['Node Type']);
      expect(outer).not.toContain('Sort');
      // Their index has some two hundred pages, which a walk from its beginning would read. In that of a status, rows of the
      // tests before, which were rolled back, lie between.
      const blocks = (limit?.['Shared Hit Blocks'] ?? 0) + (limit?.['Shared Read Blocks'] ?? 0);
      if (by === 'username' || by === 'email') expect(blocks).toBeLessThan(100);
    } finally {
      await database.query('ROLLBACK').finally(() => database.end());
    }
  });
});

test('an administrator unlocks an account that wrong passwords have locked', async () => {
  const { credentials, tokens } = await client.newSession();
  const { body } = await client.me(tokens.access_token);
  const wrong = () => client.login({ ...credentials, password: 'wrong' });
  for (let turn = 0; turn < 10; turn += 1) await unlessBusy(wrong);
  expect((await unlessBusy(() => client.login(credentials))).status).toBe(401);
  expect((await admin('DELETE', `/users/${body.id}/lockout`)).status).toBe(204);
  expect((await unlessBusy(() => client.login(credentials))).status).toBe(200);
});
