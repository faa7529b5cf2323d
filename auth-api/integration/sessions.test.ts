import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import { eventually } from '../../dev/eventually.ts';
import { ApiProcess, runCommand } from './harness/api-process.ts';
import { Client, type Credentials, type Tokens, unlessBusy } from './harness/client.ts';
import { forgetShared } from './harness/forget-shared.ts';
import { metric } from './harness/metrics.ts';
import { connect } from './harness/postgres.ts';
import { connectCluster } from './harness/redis-client.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

const stack = runningStack();
const environment = { ...serveEnvironment(stack), MAX_SESSIONS_PER_USER: '3' };
let pods: [ApiProcess, ApiProcess];
let one: Client;
let other: Client;
beforeAll(async () => {
  pods = await Promise.all([ApiProcess.start(environment), ApiProcess.start(environment)]);
  [one, other] = [new Client(pods[0].url), new Client(pods[1].url)];
});
afterAll(() => Promise.all((pods ?? []).map((pod) => pod.stop())));

const claimsOf = ({ access_token: token }: Tokens) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
const status = async (client: Client, { access_token: token }: Tokens) => (await client.verify(token)).status;

describe('a user', () => {
  test('has so many sessions and no more: the oldest ends, on every pod', async () => {
    const { credentials, tokens: first } = await one.newSession();
    expect(await status(other, first)).toBe(200);
    const rest: Tokens[] = [];
    for (let login = 0; login < 3; login += 1) rest.push((await one.login(credentials)).body);
    expect(await status(one, first)).toBe(401);
    await eventually(async () => expect(await status(other, first)).toBe(401), 1_000, 10);
    for (const tokens of rest) expect(await status(other, tokens)).toBe(200);
    const { body } = await one.send<{ items: unknown[] }>('GET', '/v1/sessions', {
      token: rest[2]?.access_token ?? '',
    });
    expect(body.items).toHaveLength(3);
    expect((await one.refresh(first.refresh_token)).status).toBe(401);
  });

  test('has no more of them by logins at the same time', async () => {
    const { credentials, tokens } = await one.newSession();
    const together = await asSuperuser(async (superuser) => {
      await superuser.query('BEGIN');
      await superuser.query('SELECT FROM auth.users WHERE username = $1 FOR UPDATE', [credentials.username]);
      const logins = [one, other, one, other, one, other].map((client) => unlessBusy(() => client.login(credentials)));
      // All of them have begun by then, and see nothing of each other.
      const waiting = 'SELECT FROM pg_locks WHERE NOT granted';
      await eventually(async () => expect((await superuser.query(waiting)).rowCount).toBe(logins.length));
      await superuser.query('COMMIT');
      // Not the promise of them, for which the connection would be kept.
      return { logins };
    });
    const opened = (await Promise.all(together.logins)).map(({ body }) => body);
    const statuses = async () => Promise.all([tokens, ...opened].map((each) => status(one, each)));
    await eventually(async () => expect((await statuses()).filter((each) => each === 200)).toHaveLength(3), 5_000, 50);
    expect(await status(one, tokens)).toBe(401);
    expect(await openSessions(credentials)).toBe(3);
  });

  test('loses none to sessions that have expired, which stay as they are', async () => {
    const { credentials, tokens: first } = await one.newSession();
    const expired = (await one.login(credentials)).body;
    await asSuperuser((superuser) =>
      superuser.query("UPDATE auth.sessions SET expires_at = now() - interval '1 minute' WHERE id = $1", [
        claimsOf(expired).sid,
      ]),
    );
    const rest: Tokens[] = [];
    for (let login = 0; login < 2; login += 1) rest.push((await one.login(credentials)).body);
    for (const tokens of [first, ...rest]) expect(await status(one, tokens)).toBe(200);
    expect(await openSessions(credentials)).toBe(4);
  });
});

/** Rows that nothing has ended, expired ones among them. */
function openSessions({ username }: Credentials): Promise<number> {
  const count = `SELECT count(*)::int AS open FROM auth.sessions s JOIN auth.users u ON u.id = s.user_id
    WHERE u.username = $1 AND s.ended_at IS NULL`;
  return asSuperuser(
    async (superuser) => (await superuser.query<{ open: number }>(count, [username])).rows[0]?.open ?? 0,
  );
}

async function asSuperuser<T>(use: (superuser: pg.Client) => Promise<T>): Promise<T> {
  const superuser = await connect(stack.primaryPort, 'postgres');
  try {
    return await use(superuser);
  } finally {
    await superuser.end();
  }
}

/** More than one batch of them. */
const oldSessions = `INSERT INTO auth.sessions (id, user_id, expires_at, ended_at)
  SELECT gen_random_uuid(), u.id, now(), now() - interval '2 days'
  FROM auth.users u, generate_series(1, $2::int) WHERE u.username = $1`;

/** Each still has a token that is good, and more used ones than a batch of sessions could take along. */
const tokensOfOldSessions = `INSERT INTO auth.refresh_tokens (token_hash, session_id, used_at)
  SELECT sha256((s.id || ' ' || each)::bytea), s.id, CASE WHEN each > 1 THEN now() END
  FROM auth.users u JOIN auth.sessions s ON s.user_id = u.id, generate_series(1, $2::int) AS each
  WHERE u.username = $1 AND s.ended_at < now() - interval '1 day'`;

describe('the sweeper', () => {
  test('deletes what ended long ago, batch after batch, and nothing that lives', async () => {
    const [ended, live] = await Promise.all([one.newSession(), one.newSession()]);
    await one.logout(ended.tokens.refresh_token);
    await asSuperuser(async (superuser) => {
      const ids = async () => {
        const { rows } = await superuser.query<{ username: string }>(
          'SELECT u.username FROM auth.sessions s JOIN auth.users u ON u.id = s.user_id WHERE u.username = ANY($1)',
          [[ended.credentials.username, live.credentials.username]],
        );
        return rows.map(({ username }) => username);
      };
      await superuser.query("UPDATE auth.sessions SET ended_at = now() - interval '2 days' WHERE ended_at IS NOT NULL");
      await superuser.query(oldSessions, [ended.credentials.username, 3000]);
      // A pod that was killed before this test may hold the lease.
      await superuser.query("UPDATE auth.leases SET expires_at = '-infinity' WHERE name = 'sweeper'");
      await eventually(async () => expect(await ids()).toEqual([live.credentials.username]), 60_000, 200);
    });
    expect(await status(one, live.tokens)).toBe(200);
  });

  test('deletes sessions of any number of tokens, and those that expired unended', async () => {
    const { credentials } = await one.newSession();
    await asSuperuser(async (superuser) => {
      const remaining = async () => {
        const count = `SELECT count(DISTINCT s.id)::int AS sessions, count(t.token_hash)::int AS tokens
          FROM auth.users u JOIN auth.sessions s ON s.user_id = u.id
            LEFT JOIN auth.refresh_tokens t ON t.session_id = s.id
          WHERE u.username = $1`;
        return (await superuser.query(count, [credentials.username])).rows[0];
      };
      await superuser.query(oldSessions, [credentials.username, 2]);
      await superuser.query(tokensOfOldSessions, [credentials.username, 3000]);
      await superuser.query(
        `INSERT INTO auth.sessions (id, user_id, expires_at)
        SELECT gen_random_uuid(), id, now() - interval '2 days' FROM auth.users WHERE username = $1`,
        [credentials.username],
      );
      await superuser.query("UPDATE auth.leases SET expires_at = '-infinity' WHERE name = 'sweeper'");
      await eventually(async () => expect(await remaining()).toEqual({ sessions: 1, tokens: 1 }), 60_000, 200);
    });
  });

  test('tells when it last did all of it', async () => {
    const lastSuccesses = () =>
      Promise.all(pods.map(({ opsUrl }) => metric(new Client(opsUrl), 'sweeper_last_success_timestamp_seconds')));
    await asSuperuser((superuser) =>
      superuser.query("UPDATE auth.leases SET expires_at = '-infinity' WHERE name = 'sweeper'"),
    );
    const minuteAgo = Date.now() / 1000 - 60;
    await eventually(async () => expect(Math.max(...(await lastSuccesses()))).toBeGreaterThan(minuteAgo), 60_000, 500);
  });
});

test('warm loads the permissions of who logged in lately', async () => {
  const { tokens } = await one.newSession();
  const { body: me } = await one.send<{ items: { id: string }[] }>('GET', '/v1/sessions', {
    token: tokens.access_token,
  });
  expect(me.items).toHaveLength(1);
  const redis = connectCluster();
  const database = await connect(stack.primaryPort, 'auth_app');
  try {
    const { rows } = await database.query<{ version: string }>(
      "SELECT version FROM auth.cache_versions WHERE type = 'user_permissions'",
    );
    const cached = async () =>
      (await redis.exists(`user_permissions:v${rows[0]?.version}:{${claimsOf(tokens).sub}}`)) === 1;
    await eventually(() => redis.ping());
    await forgetShared(tokens);
    expect(await cached()).toBe(false);
    const { exitCode, log } = await runCommand('warm', environment);
    expect([exitCode, log.at(-1)]).toEqual([0, expect.stringContaining('"message":"warmed"')]);
    expect(await cached()).toBe(true);
  } finally {
    await database.end();
    redis.disconnect();
  }
});
