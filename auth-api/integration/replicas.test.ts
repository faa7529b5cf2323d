import { hostname } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Container } from '../../dev/containers/container.ts';
import { eventually } from '../../dev/eventually.ts';
import { administratorToken } from './harness/administrator-token.ts';
import { ApiProcess, runCommand } from './harness/api-process.ts';
import { Client } from './harness/client.ts';
import { forgetShared } from './harness/forget-shared.ts';
import { metric } from './harness/metrics.ts';
import { connect } from './harness/postgres.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

const stack = runningStack();
const replica = new Container(stack.containers.replica ?? '');
let pods: [ApiProcess, ApiProcess];
let one: Client;
let other: Client;
let ops: Client;
beforeAll(async () => {
  const environment = serveEnvironment(stack);
  pods = await Promise.all([
    ApiProcess.start({ ...environment, CIRCUIT_BREAKER_RECOVERY_SECONDS: '3600' }),
    ApiProcess.start(environment),
  ]);
  [one, other, ops] = [new Client(pods[0].url), new Client(pods[1].url), new Client(pods[0].opsUrl)];
});
afterAll(() => Promise.all((pods ?? []).map((pod) => pod.stop())));

let heal: () => Promise<unknown> = async () => {};
afterEach(async () => {
  await heal();
  heal = async () => {};
});

type Source = 'replica' | 'primary_unknown' | 'primary_stale' | 'primary_absent' | 'primary_failed';
const readsFrom = (source: Source) => metric(ops, `split_reads_total{source="${source}"}`);

/** The account of a new session: in no cache yet. */
async function readNewAccount(reader = one) {
  const { tokens, credentials } = await other.newSession();
  await forgetShared(tokens);
  const { status, body } = await reader.me(tokens.access_token);
  expect([status, body.username]).toEqual([200, credentials.username]);
  return { token: tokens.access_token };
}

async function readBy(source: Source): Promise<void> {
  const before = await readsFrom(source);
  await readNewAccount();
  if ((await readsFrom(source)) === before) throw new Error(`nothing was read by ${source}`);
}

const asAdministrator = () => administratorToken(one);

test('a replica answers what it has replayed', async () => {
  await eventually(() => readBy('replica'));
});

describe('a replica whose replay is paused', () => {
  test('answers nothing that it lacks, and after the limit of the lag nothing at all', async () => {
    await eventually(() => readBy('replica'));
    const old = await readNewAccount();
    const superuser = await connect(stack.replicaPort, 'postgres');
    await superuser.query('SELECT pg_wal_replay_pause()');
    heal = async () => {
      await superuser.query('SELECT pg_wal_replay_resume()');
      await superuser.end();
    };
    const fresh = await readNewAccount();
    for (const { token } of [old, fresh]) {
      const { headers } = await other.me(token);
      const body = { display_name: 'as written' };
      const options = { token, body, headers: { 'if-match': headers.get('etag') ?? '' } };
      expect((await other.send('PATCH', '/v1/me', options)).status).toBe(200);
      expect((await other.me(token)).body).toMatchObject(body);
      await eventually(async () => expect((await one.me(token)).body).toMatchObject(body), 1_000, 10);
    }
    await eventually(() => readBy('primary_stale'), 15_000, 500);
  });

  test('does not keep a session from seeing at once, on another pod, what it has written', async () => {
    const admin = await asAdministrator();
    const { tokens } = await one.newSession();
    const token = tokens.access_token;
    const { body: me } = await other.me(token);
    const superuser = await connect(stack.replicaPort, 'postgres');
    await superuser.query('SELECT pg_wal_replay_pause()');
    heal = async () => {
      await superuser.query('SELECT pg_wal_replay_resume()');
      await superuser.end();
    };
    for (let round = 0; round < 30; round += 1) {
      const [writer, reader] = round % 2 === 0 ? [one, other] : [other, one];
      const body = { display_name: `round ${round}` };
      const options = { token, body, headers: { 'if-match': (await writer.me(token)).headers.get('etag') ?? '' } };
      expect((await writer.send('PATCH', '/v1/me', options)).status).toBe(200);
      expect((await reader.me(token)).body).toMatchObject(body);

      const name = `tests.own${process.pid}x${round}`;
      expect((await writer.send('POST', '/v1/admin/roles', { token: admin, body: { name } })).status).toBe(201);
      // The ids of roles made since are above that of the account.
      const path = `/v1/admin/roles?cursor=${String(me.id)}`;
      const { body: roles } = await reader.send<{ items: { name: string }[] }>('GET', path, { token: admin });
      expect(roles.items.map((role) => role.name)).toContain(name);
    }
  });
});

describe.each([
  ['killed', () => replica.kill(), () => replica.restart()],
  ['silent', () => replica.pause(), () => replica.resume()],
])('a replica that is %s', (_, fail, recover) => {
  test('costs little, then nothing: its circuit opens, until an administrator closes it', async () => {
    await eventually(() => readBy('replica'));
    const token = await asAdministrator();
    const reset = () => one.send('POST', '/v1/admin/circuit-breakers/replicas/reset', { token });
    // Else as many reads must fail as others have succeeded within the last minute.
    expect((await reset()).status).toBe(200);
    await fail();
    heal = async () => {
      await recover();
      await eventually(async () => {
        expect(await reset()).toMatchObject({ status: 200, body: { pod: hostname(), current_state: 'closed' } });
        await readBy('replica');
      }, 30_000);
    };
    const replicasBreaker = async () => {
      const { body } = await one.send<{ items: { name: string; rejected: number }[] }>(
        'GET',
        '/v1/admin/circuit-breakers',
        {
          token,
        },
      );
      expect(body.items.map(({ name }) => name)).toEqual(['primary', 'replicas', 'redis']);
      return body.items[1] ?? { rejected: Number.NaN };
    };
    await eventually(async () => {
      await Promise.all(Array.from({ length: 6 }, () => readNewAccount()));
      expect(await replicasBreaker()).toMatchObject({ current_state: 'open', failure_rate: expect.any(Number) });
    });
    const { rejected } = await replicasBreaker();
    await readNewAccount();
    expect((await replicasBreaker()).rejected).toBeGreaterThan(rejected);
    expect((await one.send('POST', '/v1/admin/circuit-breakers/nothing/reset', { token })).status).toBe(404);
  });
});

test('without a replica the primary counts, and tells whose profiles are to be warmed', async () => {
  const token = await asAdministrator();
  await other.newSession();
  await replica.kill();
  heal = () => replica.restart();
  expect((await other.send('GET', '/v1/admin/statistics', { token })).status).toBe(200);
  const environment = serveEnvironment(stack);
  const pod = await ApiProcess.start(environment);
  try {
    const { exitCode, log } = await runCommand('warm', environment);
    expect([exitCode, log.at(-1)]).toEqual([0, expect.stringContaining('"message":"warmed"')]);
    await countSessionsAnew();
    const { opsUrl } = pod;
    await eventually(
      async () => expect(await metric(new Client(opsUrl), 'active_sessions')).toBeGreaterThan(0),
      30_000,
    );
  } finally {
    await pod.stop();
  }
});

/** A pod that was killed before this test may hold the lease of who counts. */
async function countSessionsAnew(): Promise<void> {
  const superuser = await connect(stack.primaryPort, 'postgres');
  try {
    await superuser.query('DELETE FROM auth.population_counts');
    await superuser.query("UPDATE auth.leases SET expires_at = '-infinity' WHERE name = 'sweeper'");
  } finally {
    await superuser.end();
  }
}
