import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import { eventually } from '../../dev/eventually.ts';
import { countLogins } from '../src/background/audit-maintenance.ts';
import { auditPage } from '../src/storage/postgres/audit-events.ts';
import { administratorToken } from './harness/administrator-token.ts';
import { ApiProcess } from './harness/api-process.ts';
import { enroll } from './harness/authenticator.ts';
import { Client, type Credentials, newCredentials, unlessBusy } from './harness/client.ts';
import { connect } from './harness/postgres.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

interface Event {
  readonly id: string;
  readonly occurred_at: string;
  readonly type: string;
  readonly outcome: string;
  readonly error: string | null;
  readonly subject_id: string | null;
  readonly session_id: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

interface Page {
  readonly items: readonly Event[];
  readonly next_cursor: string | null;
}

/** Nothing that these tests make is past its retention. */
const environment = { ...serveEnvironment(runningStack()), AUDIT_RETENTION_DAYS: '3650' };
let api: ApiProcess;
let client: Client;
let adminToken: string;
/** The role of the pods. */
let app: pg.Client;
/** The owner of the tables. */
let owner: pg.Client;
beforeAll(async () => {
  const { primaryPort } = runningStack();
  [api, app, owner] = await Promise.all([
    ApiProcess.start(environment),
    connect(primaryPort, 'auth_app'),
    connect(primaryPort, 'auth_migrator'),
  ]);
  client = new Client(api.url);
  adminToken = await administratorToken(client);
}, 120_000);
afterAll(() => Promise.all([api?.stop(), app?.end(), owner?.end()]));

let made = 0;
const newName = () => `audit.n${process.pid}x${++made}`;
const admin = (method: string, path: string, body?: object) =>
  client.send(method, `/v1/admin${path}`, { token: adminToken, ...(body === undefined ? {} : { body }) });

async function page(query: Record<string, string>): Promise<Page> {
  const { status, body } = await admin('GET', `/audit-events?${new URLSearchParams(query)}`);
  if (status !== 200) throw new Error(`the log answered ${JSON.stringify(body)}`);
  return body as unknown as Page;
}

/** Waits for what is written a moment later. */
const eventOf = (query: Record<string, string>) =>
  eventually(async () => {
    const [event] = (await page(query)).items;
    if (event === undefined) throw new Error(`no event ${JSON.stringify(query)}`);
    return event;
  });

/** A busy machine sheds logins. */
const login = (credentials: Credentials, to = client) => unlessBusy(() => to.login(credentials));

async function newAccount() {
  const { credentials, tokens } = await client.newSession();
  const { body } = await client.me(tokens.access_token);
  return { ...credentials, tokens, token: tokens.access_token, id: String(body.id) };
}

const insertEvents = (database: pg.Client, actor: string, times: string, count: number) =>
  database.query(
    `INSERT INTO auth.audit_events (id, occurred_at, type, outcome, actor_id)
    SELECT gen_random_uuid(), ${times}, CASE n % 2 WHEN 0 THEN 'login' ELSE 'logout' END,
      CASE n % 3 WHEN 0 THEN 'failure' ELSE 'success' END, $1 FROM generate_series(1, ${count}) AS n`,
    [actor],
  );
const longestDays = 3_650;
const maintain = (retentionDays: number) => app.query('SELECT auth.maintain_audit_events($1)', [retentionDays]);
const newId = async () => String((await app.query('SELECT gen_random_uuid() AS id')).rows[0].id);

describe('the table', () => {
  test.each([
    'UPDATE auth.audit_events SET type = type',
    'DELETE FROM auth.audit_events',
    'TRUNCATE auth.audit_events',
    'SELECT * FROM auth.audit_events_default',
    'DROP TABLE auth.audit_events_default',
  ])('the application may not: %s', async (statement) => {
    await expect(app.query(statement)).rejects.toMatchObject({ code: '42501' });
  });

  test('its owner neither', async () => {
    await insertEvents(app, await newId(), 'now()', 1);
    await expect(owner.query('UPDATE auth.audit_events SET type = type')).rejects.toThrow('append-only');
    await expect(owner.query('DELETE FROM auth.audit_events')).rejects.toThrow('append-only');
    await expect(owner.query('TRUNCATE auth.audit_events')).rejects.toThrow('append-only');
  });

  test('what has no partition is kept, and gets one later', async () => {
    const actor = await newId();
    const partition = 'auth.audit_events_2041_05';
    await insertEvents(app, actor, `timestamptz '2041-05-17T12:00:00Z'`, 3);
    expect((await page({ actor })).items).toHaveLength(3);
    try {
      // A pod may be about to do the same.
      const rows = await eventually(async () => {
        await maintain(longestDays);
        return (await owner.query(`SELECT count(*)::int AS count FROM ${partition}`)).rows;
      });
      expect(rows).toEqual([{ count: 3 }]);
      expect((await page({ actor })).items).toHaveLength(3);
      await expect(owner.query(`DELETE FROM ${partition}`)).rejects.toThrow('append-only');
    } finally {
      await owner.query(`DROP TABLE IF EXISTS ${partition}`);
    }
  });

  test('a month is dropped when all of it is past its retention, and no other', async () => {
    const actor = await newId();
    // Some five years ago, which the pods of these tests keep.
    const { rows: months } = await owner.query(`SELECT to_char(m, 'YYYY_MM') AS name, m::text AS first,
        (m + interval '1 month')::text AS next, now()::date - (m + interval '1 month')::date AS days_past
      FROM (SELECT date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => ago) AS m
        FROM generate_series(59, 60) AS ago) months ORDER BY m`);
    for (const { name, first, next } of months) {
      await owner.query(`CREATE TABLE auth.audit_events_${name} (LIKE auth.audit_events INCLUDING ALL)`);
      await owner.query(`ALTER TABLE auth.audit_events ATTACH PARTITION auth.audit_events_${name}
        FOR VALUES FROM ('${first}Z') TO ('${next}Z')`);
      await insertEvents(app, actor, `timestamptz '${first}Z' + interval '5 days'`, 1);
    }
    const [, younger] = months;
    const left = async () => (await page({ actor })).items.map((event) => event.occurred_at.slice(0, 7));
    /** Until so many are left: a pod may be about to maintain the log, too. */
    const leave = (count: number, retentionDays: number) =>
      eventually(async () => {
        await maintain(retentionDays);
        if ((await left()).length > count) throw new Error('nothing was dropped');
      });
    // As long as the last day of a month is kept, the month is.
    await leave(1, younger.days_past + 2);
    expect(await left()).toEqual([younger.first.slice(0, 7)]);
    await leave(0, younger.days_past);
    expect(await left()).toEqual([]);
  });

  test('nobody empties it by asking for a short retention', async () => {
    await expect(app.query('SELECT auth.maintain_audit_events(29)')).rejects.toThrow('30 days or more');
  });
});

describe('authentication', () => {
  test('a login, with its session; its log-out', async () => {
    const { id, tokens } = await newAccount();
    const opened = await eventOf({ subject: id, type: 'login' });
    expect(opened).toMatchObject({ outcome: 'success', error: null, actor_id: id, details: { second_factor: false } });
    expect(opened).toMatchObject({ client_address: expect.stringMatching(/^127\./), user_agent: expect.any(String) });
    await client.logout(tokens.refresh_token);
    expect(await eventOf({ subject: id, type: 'logout' })).toMatchObject({
      session_id: opened.session_id,
      actor_id: id,
    });
    expect(await eventOf({ subject: id, type: 'register' })).toMatchObject({ outcome: 'success' });
  });

  test('wrong passwords, and the lock that they lead to', async () => {
    const { id, username } = await newAccount();
    for (let tries = 0; tries < 11; tries += 1) await login({ username, password: 'a wrong one' });
    expect(await eventOf({ subject: id, type: 'account_locked' })).toMatchObject({ actor_id: null });
    const { items } = await eventually(async () => {
      const failures = await page({ subject: id, type: 'login', outcome: 'failure' });
      if (failures.items.length < 11) throw new Error('some are still to be written');
      return failures;
    });
    expect(items.map(({ error }) => error).sort()).toEqual(['account_locked', ...Array(10).fill('invalid_password')]);
  });

  test('an unknown name, which may be a password, as a hash', async () => {
    const from = new Date().toISOString();
    const typed = newCredentials();
    await login({ username: typed.password, password: 'whatever' });
    await login({ username: typed.password.toUpperCase(), password: 'whatever' });
    const { items } = await eventually(async () => {
      const found = await page({ type: 'login', outcome: 'failure', from });
      const ours = found.items.filter(({ error }) => error === 'user_not_found');
      if (ours.length < 2) throw new Error('not yet');
      return { items: ours };
    });
    expect(items[0]?.details.name_hash).toEqual(expect.stringMatching(/^[\w-]{43}$/));
    expect(new Set(items.map(({ details }) => details.name_hash)).size).toBe(1);
    expect(JSON.stringify(items).toLowerCase()).not.toContain(typed.password.toLowerCase());
  });

  test('a refresh token used again after its successor; refreshes that go well leave nothing', async () => {
    const { id, tokens } = await newAccount();
    const next = (await client.refresh(tokens.refresh_token)).body;
    await client.refresh(next.refresh_token);
    await client.refresh(tokens.refresh_token);
    expect(await eventOf({ subject: id, type: 'refresh' })).toMatchObject({
      outcome: 'failure',
      error: 'reused_token',
      session_id: expect.any(String),
    });
    expect((await page({ subject: id, type: 'refresh' })).items).toHaveLength(1);
  });

  test('a second factor: asked for, not shown, shown', async () => {
    const account = await newAccount();
    const { authenticator } = await enroll(client, account.token);
    expect(await eventOf({ subject: account.id, type: 'confirm_second_factor' })).toMatchObject({ outcome: 'success' });
    const { body } = await login(account);
    const { mfa_token } = body as unknown as { mfa_token: string };
    expect(await eventOf({ subject: account.id, outcome: 'challenge' })).toMatchObject({ type: 'login', error: null });
    const complete = (code: string) => client.send('POST', '/v1/login/mfa', { body: { mfa_token, code } });
    await complete(authenticator.wrongCode());
    const query = { subject: account.id, type: 'complete_login' };
    expect(await eventOf(query)).toMatchObject({ outcome: 'failure', error: 'wrong_code' });
    expect((await complete(await authenticator.nextCode())).status).toBe(200);
    const shown = await eventOf({ ...query, outcome: 'success' });
    expect(shown).toMatchObject({ session_id: expect.any(String), details: { second_factor: true } });
  });

  test('a change of the password, refused and done; no secret is in the log', async () => {
    const account = await newAccount();
    const fresh = newCredentials().password;
    const change = (current_password: string) =>
      client.send('POST', '/v1/me/password', { token: account.token, body: { current_password, new_password: fresh } });
    await change('a wrong one');
    const query = { subject: account.id, type: 'change_password' };
    expect(await eventOf(query)).toMatchObject({ outcome: 'failure', details: { pointer: '/current_password' } });
    expect((await change(account.password)).status).toBe(204);
    await eventOf({ ...query, outcome: 'success' });
    const { rows } = await app.query('SELECT e::text AS text FROM auth.audit_events e WHERE subject_id = $1', [
      account.id,
    ]);
    const text = rows.map((row) => row.text).join('\n');
    expect(text).not.toBe('');
    const { access_token, refresh_token } = account.tokens;
    for (const secret of [account.password, fresh, 'a wrong one', access_token, refresh_token, account.username]) {
      expect(text).not.toContain(secret);
    }
  });

  test('what waits is written when the pod is told to stop', async () => {
    const { id, username } = await newAccount();
    const leaving = await ApiProcess.start({ ...environment, SHUTDOWN_GRACE_SECONDS: '1' });
    try {
      const other = new Client(leaving.url);
      expect((await login({ username, password: 'a wrong one' }, other)).status).toBe(401);
      leaving.signal('SIGTERM');
      expect(await leaving.ended()).toBe(0);
      expect((await page({ subject: id, type: 'login', outcome: 'failure' })).items).toHaveLength(1);
    } finally {
      await leaving.stop();
    }
  });

  test('a log that takes nothing changes no answer to a refusal or a refresh', async () => {
    const account = await newAccount();
    await refusing(`type <> 'login'`, async () => {
      expect((await login({ ...account, password: 'a wrong one' })).status).toBe(401);
      expect((await client.refresh(account.tokens.refresh_token)).status).toBe(200);
    });
    expect((await login(account)).status).toBe(200);
  });
});

/** While the log refuses what does not meet a condition. */
async function refusing(condition: string, work: () => Promise<void>): Promise<void> {
  await owner.query(`ALTER TABLE auth.audit_events ADD CONSTRAINT tests CHECK (${condition}) NOT VALID`);
  try {
    await work();
  } finally {
    await owner.query('ALTER TABLE auth.audit_events DROP CONSTRAINT tests');
  }
}

describe('administration', () => {
  test('tells who did what to whom', async () => {
    const [{ id }, role] = [await newAccount(), newName()];
    await admin('POST', '/roles', { name: role });
    await admin('PUT', `/users/${id}/roles/${role}`);
    await admin('PATCH', `/users/${id}`, { status: 'disabled' });
    const me = String((await client.me(adminToken)).body.id);
    const { items } = await page({ subject: id, actor: me });
    expect(items.map(({ type, outcome, details }) => [type, outcome, details]).sort()).toEqual([
      ['change_account', 'success', { status: 'disabled' }],
      ['grant_role', 'success', { role }],
    ]);
    expect(await eventOf({ actor: me, type: 'create_role' })).toMatchObject({ details: { role }, subject_id: null });
  });

  test('what cannot be recorded is not done', async () => {
    const [{ id, token }, role] = [await newAccount(), newName()];
    await admin('POST', '/roles', { name: role });
    await refusing(`type NOT IN ('grant_role', 'change_account', 'delete_account', 'create_permission')`, async () => {
      for (const [method, path, body] of [
        ['PUT', `/users/${id}/roles/${role}`],
        ['PATCH', `/users/${id}`, { status: 'disabled' }],
        ['DELETE', `/users/${id}`],
        ['POST', '/permissions', { name: role }],
      ] as const) {
        expect((await admin(method, path, body)).status).toBe(500);
      }
    });
    expect((await client.me(token)).body).toMatchObject({ id, roles: [] });
    expect((await admin('GET', `/users/${id}`)).body.status).toBe('active');
    expect((await admin('POST', '/permissions', { name: role })).status).toBe(201);
  });

  test('what is refused is told, too', async () => {
    const [{ id, token }, role] = [await newAccount(), newName()];
    expect((await admin('PUT', `/users/${id}/roles/${role}`)).status).toBe(404);
    expect(await eventOf({ subject: id, type: 'grant_role' })).toMatchObject({
      outcome: 'failure',
      error: 'not_found',
      details: { role },
    });
    expect((await client.send('GET', '/v1/admin/users', { token })).status).toBe(403);
    expect(await eventOf({ actor: id, type: 'list_accounts' })).toMatchObject({ error: 'forbidden' });
  });

  test('a repeated request to create something is one act', async () => {
    const [name, from] = [newName(), new Date().toISOString()];
    const create = () =>
      client.send('POST', '/v1/admin/roles', {
        token: adminToken,
        body: { name },
        headers: { 'idempotency-key': name },
      });
    expect([(await create()).status, (await create()).status]).toEqual([201, 201]);
    const { items } = await page({ type: 'create_role', from });
    expect(items.filter(({ details }) => details.role === name)).toHaveLength(1);
  });
});

describe('reading', () => {
  let actor: string;
  beforeAll(async () => {
    actor = await newId();
    // Three at each moment: a page ends between two of the same.
    await insertEvents(app, actor, `now() - make_interval(secs => n / 3)`, 1_250);
  });

  test('page by page, the youngest first, each event once', async () => {
    const seen: Event[] = [];
    let cursor: string | null = null;
    do {
      const next: Page = await page({ actor, limit: '100', ...(cursor === null ? {} : { cursor }) });
      seen.push(...next.items);
      cursor = next.next_cursor;
    } while (cursor !== null);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(1_250);
    const times = seen.map(({ occurred_at }) => occurred_at);
    expect(times).toEqual([...times].sort().reverse());
  });

  test('the export is whole, and an act itself', async () => {
    const lines = async (query: Record<string, string>) => {
      const answer = await admin('GET', `/audit-events/export?${new URLSearchParams(query)}`);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
      const text = String(answer.body).trimEnd();
      return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Event);
    };
    const all = await lines({ actor });
    expect([all.length, new Set(all.map(({ id }) => id)).size]).toEqual([1_250, 1_250]);
    const middle = String(all[600]?.occurred_at);
    const isOlder = ({ occurred_at, type }: Event) => occurred_at < middle && type === 'login';
    expect(await lines({ actor, to: middle, type: 'login' })).toEqual(all.filter(isOlder));
    expect(await lines({ actor: await newId() })).toEqual([]);
    expect(await eventOf({ type: 'export_audit_events' })).toMatchObject({ outcome: 'success' });
  });

  test('by several things at once', async () => {
    const { items } = await page({ actor, type: 'login', outcome: 'failure', limit: '100' });
    expect(items).toHaveLength(100);
    expect(items.every(({ type, outcome }) => type === 'login' && outcome === 'failure')).toBe(true);
  });

  test.each([
    ['a type that there is not', { type: 'logn' }, '/type'],
    ['no time', { from: 'yesterday' }, '/from'],
    ['no id', { subject: 'ada' }, '/subject'],
    ['no cursor', { cursor: 'x' }, '/cursor'],
    [
      'a cursor of another list',
      { cursor: Buffer.from(JSON.stringify(['ada', '01890a5d-ac96-774b-bcce-b302099a8057'])).toString('base64url') },
      '/cursor',
    ],
    ['a filter that there is not', { user: 'ada' }, '/user'],
  ])('%s is refused', async (_, query, pointer) => {
    const answer = await admin('GET', `/audit-events?${new URLSearchParams(query as Record<string, string>)}`);
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
  });

  test('walks along an index whatever it is filtered by', async () => {
    const none = {
      type: undefined,
      subjectId: undefined,
      actorId: undefined,
      outcome: undefined,
      from: undefined,
      to: undefined,
    };
    const after = { occurredAt: new Date(), id: actor };
    await owner.query('BEGIN');
    try {
      await owner.query('SET LOCAL enable_seqscan = off');
      await owner.query('SET LOCAL enable_bitmapscan = off');
      for (const [number, filter] of [
        {},
        { type: 'login' },
        { subjectId: actor },
        { actorId: actor },
        { outcome: 'failure' as const },
        { type: 'login', outcome: 'failure' as const, from: new Date(0), to: new Date() },
      ].entries()) {
        const { statement, values } = auditPage({ ...none, ...filter }, after, 50);
        await owner.query(`SET LOCAL plan_cache_mode = force_generic_plan`);
        await owner.query(`PREPARE audit_${number} AS ${statement.text}`);
        const given = values.map((each) =>
          owner.escapeLiteral(each instanceof Date ? each.toISOString() : String(each)),
        );
        const { rows } = await owner.query(`EXPLAIN EXECUTE audit_${number} (${given.join(', ')})`);
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        expect(plan).toContain('Index Scan');
        expect(plan).not.toContain('Sort  ');
      }
    } finally {
      await owner.query('ROLLBACK');
    }
  });
});

describe('statistics', () => {
  interface Statistics {
    readonly accounts: { readonly active: number; readonly disabled: number };
    readonly live_sessions: number;
    readonly logins: readonly { day: string; outcome: string; error: string | null; count: number }[];
  }

  test('count accounts, sessions, and logins day by day', async () => {
    const account = await newAccount();
    await login({ ...account, password: 'a wrong one' });
    await admin('PATCH', `/users/${account.id}`, { status: 'disabled' });
    // From a replica, and of what is written a moment later.
    await eventually(async () => {
      const answer = await admin('GET', '/statistics?days=2');
      expect(answer.status).toBe(200);
      const { accounts, live_sessions, logins } = answer.body as unknown as Statistics;
      expect(Math.min(accounts.active, accounts.disabled, live_sessions)).toBeGreaterThan(0);
      const counted = logins.map(({ outcome, error }) => `${outcome} ${error}`);
      expect(counted).toEqual(expect.arrayContaining(['success null', 'failure invalid_password']));
    });
  });

  test('days that are over are counted once, and not again', async () => {
    const countDay = async () => (await app.query({ text: countLogins.text })).rows;
    const { rows } = await app.query(`SELECT (now() AT TIME ZONE 'UTC')::date::text AS today`);
    await eventually(async () => {
      if ((await countDay()).length > 0) throw new Error('there are more');
    });
    const { rows: days } = await app.query('SELECT DISTINCT day::text AS day FROM auth.login_counts ORDER BY day DESC');
    expect(days.length).toBeGreaterThanOrEqual(30);
    expect(days[0].day < rows[0].today).toBe(true);
  });
});
