import { chmod, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Container } from '../../dev/containers/container.ts';
import { freePorts } from '../../dev/containers/free-ports.ts';
import { eventually } from '../../dev/eventually.ts';
import { runCommand } from './harness/api-process.ts';
import { forgetShared } from './harness/forget-shared.ts';
import { type Images, projectImages } from './harness/images.ts';
import { metric } from './harness/metrics.ts';
import { repoint, startPooler } from './harness/pgbouncer.ts';
import { Pod } from './harness/pod.ts';
import { connect, createRoles, startPrimary, startReplica } from './harness/postgres.ts';
import { startRedisCluster } from './harness/redis.ts';
import { runningStack } from './harness/running-stack.ts';
import { migrateEnvironment, type Stack, serveEnvironment } from './harness/stack.ts';

const limitMs = 120_000;
const own: Container[] = [];
let images: Images;
let stack: Stack;
let poolers: { rw: { name: string; port: number }; ro: { name: string; port: number } };
let directory: string;
let newReplicaPort: number;
let primary: Container;
let one: Pod;
let other: Pod;

/** Servers of its own: those that all tests share cannot be made what they were. */
beforeAll(async () => {
  images = await projectImages();
  directory = await mkdtemp(join(runningStack().directory, 'failover-'));
  // The servers read it under users of their own.
  await chmod(directory, 0o755);
  const [primaryPort = 0, replicaPort = 0, rwPort = 0, roPort = 0, third = 0] = await freePorts(5);
  newReplicaPort = third;
  const started = <T extends { container: Container }>(server: T) => {
    own.push(server.container);
    return server;
  };
  const [redis, , , verifiers] = await Promise.all([
    startRedisCluster(images.redis, directory, { count: 1, prefix: 'failover-' }),
    startPrimary(images.postgres, primaryPort, 'failover-primary').then((server) => {
      primary = started(server).container;
    }),
    startReplica(images.postgres, replicaPort, primaryPort, 'failover-replica').then(started),
    createRoles(primaryPort),
  ]);
  redis.map(started);
  poolers = { rw: { name: 'failover-rw', port: rwPort }, ro: { name: 'failover-ro', port: roPort } };
  const pooler = { image: images.pgbouncer, directory, verifiers };
  await Promise.all([
    startPooler({ ...pooler, ...poolers.rw, serverPort: primaryPort }).then(started),
    startPooler({ ...pooler, ...poolers.ro, serverPort: replicaPort }).then(started),
  ]);
  const redisPorts = redis.map(({ port }) => port);
  stack = { ...runningStack(), primaryPort, replicaPort, poolerRwPort: rwPort, poolerRoPort: roPort, redisPorts };
  const { exitCode, log } = await runCommand('migrate', migrateEnvironment(stack));
  if (exitCode !== 0) throw new Error(`the migrations failed:\n${log.join('\n')}`);
  [one, other] = await Pod.two(serveEnvironment(stack));
}, 180_000);
afterAll(async () => {
  await Promise.all([one?.api.stop(), other?.api.stop()]);
  await Promise.all(own.map((container) => container.remove()));
}, 60_000);

/** Everything that was committed until now. */
async function untilReplayed(): Promise<void> {
  const [writer, reader] = [await connect(stack.primaryPort, 'postgres'), await connect(stack.replicaPort, 'postgres')];
  try {
    const { rows } = await writer.query<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn');
    await eventually(async () => {
      const { rows: replayed } = await reader.query('SELECT 1 WHERE pg_last_wal_replay_lsn() >= $1::pg_lsn', [
        rows[0]?.lsn,
      ]);
      expect(replayed).toHaveLength(1);
    }, limitMs);
  } finally {
    await Promise.all([writer.end(), reader.end()]);
  }
}

async function promoteReplica(): Promise<void> {
  const superuser = await connect(stack.replicaPort, 'postgres');
  try {
    await superuser.query('SELECT pg_promote()');
  } finally {
    await superuser.end();
  }
}

async function seesOwnWrites(token: string, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const [writer, reader] = round % 2 === 0 ? [one.client, other.client] : [other.client, one.client];
    const body = { display_name: `round ${round}` };
    const headers = { 'if-match': (await writer.me(token)).headers.get('etag') ?? '' };
    expect((await writer.send('PATCH', '/v1/me', { token, body, headers })).status).toBe(200);
    expect((await reader.me(token)).body).toMatchObject(body);
  }
}

async function readByReplica(): Promise<void> {
  const reads = () => metric(one.ops, 'split_reads_total{source="replica"}');
  const before = await reads();
  const { tokens } = await other.client.newSession();
  await forgetShared(tokens, stack.redisPorts);
  expect((await one.client.me(tokens.access_token)).status).toBe(200);
  expect(await reads()).toBeGreaterThan(before);
}

test('a replica in place of a dead primary: sessions live on, ended ones do not, and each sees what it wrote', async () => {
  await eventually(readByReplica, limitMs);
  const [kept, stolen, ended] = [
    await one.client.newSession(),
    await one.client.newSession(),
    await one.client.newSession(),
  ];
  const { body: second } = await one.client.refresh(stolen.tokens.refresh_token);
  const { body: third } = await other.client.refresh(second.refresh_token);
  for (const pod of [one, other]) await pod.remembers(ended.tokens.access_token);
  expect((await one.client.logout(ended.tokens.refresh_token)).status).toBe(204);
  await seesOwnWrites(kept.tokens.access_token, 2);
  await untilReplayed();

  await primary.kill();
  expect((await one.client.login(kept.credentials)).status).toBe(503);
  await promoteReplica();
  await repoint({ ...poolers.rw, directory, serverPort: stack.replicaPort });
  await eventually(() => one.client.newSession(), limitMs);
  await eventually(() => other.client.newSession(), limitMs);

  await seesOwnWrites(kept.tokens.access_token, 10);
  expect((await other.client.login(kept.credentials)).status).toBe(200);
  const refreshed = await other.client.refresh(kept.tokens.refresh_token);
  expect(refreshed.status).toBe(200);
  for (const pod of [one, other]) {
    expect(await pod.status(refreshed.body.access_token)).toBe(200);
    expect(await pod.status(third.access_token)).toBe(200);
    expect(await pod.status(ended.tokens.access_token)).toBe(401);
  }
  expect((await one.client.refresh(ended.tokens.refresh_token)).status).toBe(401);
  // Its successor was used before the failover: that is remembered, and ends the session.
  expect((await one.client.refresh(stolen.tokens.refresh_token)).status).toBe(401);
  expect((await other.client.refresh(third.refresh_token)).status).toBe(401);
  await eventually(async () => expect(await other.status(third.access_token)).toBe(401));

  own.push((await startReplica(images.postgres, newReplicaPort, stack.replicaPort, 'failover-new')).container);
  await repoint({ ...poolers.ro, directory, serverPort: newReplicaPort });
  await eventually(readByReplica, limitMs);
  await seesOwnWrites(kept.tokens.access_token, 10);
}, 300_000);
