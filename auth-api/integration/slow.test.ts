import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Cluster } from 'ioredis';
import { eventually } from '../../dev/eventually.ts';
import { administratorToken } from './harness/administrator-token.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Client } from './harness/client.ts';
import { DelayProxy } from './harness/delay-proxy.ts';
import { forgetShared } from './harness/forget-shared.ts';
import { metric } from './harness/metrics.ts';
import { connectCluster } from './harness/redis-client.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

const stack = runningStack();
let primary: DelayProxy;
let replicas: DelayProxy;
let redis: Cluster;
let api: ApiProcess;
let client: Client;
beforeAll(async () => {
  [primary, replicas] = await Promise.all([DelayProxy.start(stack.poolerRwPort), DelayProxy.start(stack.poolerRoPort)]);
  redis = connectCluster();
  api = await ApiProcess.start({
    ...serveEnvironment(stack),
    POSTGRES_WRITE_PORT: String(primary.port),
    POSTGRES_READ_PORT: String(replicas.port),
  });
  client = new Client(api.url);
});
afterAll(async () => {
  await api?.stop();
  redis?.disconnect();
  await Promise.all([primary?.close(), replicas?.close()]);
});
afterEach(async () => {
  primary.delayMs = 0;
  replicas.delayMs = 0;
  await eventually(() => client.newSession());
});

async function timed<T>(run: () => Promise<T>): Promise<{ answer: T; tookMs: number }> {
  const startedMs = performance.now();
  return { answer: await run(), tookMs: performance.now() - startedMs };
}

/** A session that the pod's own memory answers for: not before the pod trusts what it hears of invalidations. */
async function rememberedSession(pod: ApiProcess) {
  const client = new Client(pod.url);
  const session = await client.newSession();
  const token = session.tokens.access_token;
  const ops = new Client(pod.opsUrl);
  const hits = () => metric(ops, 'cache_operations_total{operation="get_session",result="hit"}');
  await eventually(async () => {
    const before = await hits();
    expect((await client.verify(token)).status).toBe(200);
    expect(await hits()).toBeGreaterThan(before);
  });
  return { ...session, token };
}

describe('a slow primary', () => {
  test('makes logins slow, not remembered sessions, and keeps the caches trusted', async () => {
    const { token, credentials } = await rememberedSession(api);
    primary.delayMs = 60;
    const login = await timed(() => client.login(credentials));
    expect(login.answer.status).toBe(200);
    expect(login.tookMs).toBeGreaterThan(240);
    for (let round = 0; round < 8; round += 1) {
      const { answer, tookMs } = await timed(() => client.verify(token));
      expect(answer.status).toBe(200);
      expect(tookMs).toBeLessThan(100);
      await delay(500);
    }
  });

  test('that is too slow is not waited for', async () => {
    const { token, credentials } = await rememberedSession(api);
    primary.delayMs = 20_000;
    const [login, verify] = await Promise.all([
      timed(() => client.login(credentials)),
      timed(() => client.verify(token)),
    ]);
    expect([login.answer.status, verify.answer.status]).toEqual([503, 200]);
    expect(login.tookMs).toBeLessThan(12_000);
    expect((await client.verify(token)).status).toBe(200);
  });
});

describe('a primary that does not keep up', () => {
  let small: ApiProcess;
  beforeAll(async () => {
    const { ADMIN_CREDENTIALS_DIR: _, ...environment } = serveEnvironment(stack);
    // Two of them are the relay's.
    const write = { POSTGRES_WRITE_PORT: String(primary.port), POSTGRES_WRITE_POOL_SIZE: '3' };
    small = await ApiProcess.start({ ...environment, ...write });
  });
  afterAll(() => small?.stop());

  test('is waited for by 2,000; others are told at once to come again, and remembered sessions are served', async () => {
    const [rushed, ops] = [new Client(small.url), new Client(small.opsUrl)];
    const { token } = await rememberedSession(small);
    primary.delayMs = 20_000;
    const rush = Promise.all(Array.from({ length: 2_300 }, () => rushed.refresh('nobody had this one')));
    await delay(1_000);
    const verify = await rushed.verify(token);
    expect(await metric(ops, 'postgres_pool_primary{state="waiting"}')).toBeLessThanOrEqual(2_000);
    const answers = await rush;
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    for (const { headers } of answers) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    // By the pod's clock: whoever sends so many at once is busy itself. Who waits for a connection does so for 7 s.
    expect(await metric(ops, 'auth_duration_seconds_bucket{le="2.5",operation="refresh"}')).toBeGreaterThanOrEqual(200);
    expect(verify.status).toBe(200);
  });
});

test('slow replicas are left for the primary', async () => {
  replicas.delayMs = 3_000;
  const { tokens } = await client.newSession();
  await forgetShared(tokens);
  const { answer, tookMs } = await timed(() => client.me(tokens.access_token));
  expect(answer.status).toBe(200);
  expect(tookMs).toBeLessThan(4_000);
});

test('slow replicas are waited for by what goes over whole tables', async () => {
  const token = await administratorToken(client);
  const answeredByReplicas = () =>
    metric(new Client(api.opsUrl), 'postgres_query_duration_seconds_count{pool="scans"}');
  const statistics = () => client.send('GET', '/v1/admin/statistics', { token });
  // From here on there is a connection, which takes longer to make than to use.
  expect((await statistics()).status).toBe(200);
  const before = await answeredByReplicas();
  replicas.delayMs = 1_500;
  const { answer, tookMs } = await timed(statistics);
  expect(answer.status).toBe(200);
  // What is counted for metrics may have been asked meanwhile.
  expect(await answeredByReplicas()).toBeGreaterThanOrEqual(before + 2);
  expect(tookMs).toBeGreaterThan(3_000);
});

test('a slow Redis makes nothing wrong', async () => {
  let isSlow = true;
  const slowDown = async () => {
    while (isSlow) {
      await Promise.all(redis.nodes('master').map((node) => node.call('CLIENT', 'PAUSE', '300', 'ALL')));
      await delay(320);
    }
  };
  const slowing = slowDown();
  try {
    for (let round = 0; round < 3; round += 1) {
      const { tokens } = await client.newSession();
      expect((await client.verify(tokens.access_token)).status).toBe(200);
      expect((await client.logout(tokens.refresh_token)).status).toBe(204);
      expect((await client.verify(tokens.access_token)).status).toBe(401);
    }
  } finally {
    isSlow = false;
    await slowing;
  }
});
