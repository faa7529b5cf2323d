import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Container } from '../../dev/containers/container.ts';
import { eventually } from '../../dev/eventually.ts';
import { administratorToken } from './harness/administrator-token.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Client } from './harness/client.ts';
import { metric } from './harness/metrics.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

const stack = runningStack();
const container = (name: string) => new Container(stack.containers[name] ?? '');
let pods: [ApiProcess, ApiProcess];
let one: Client;
let other: Client;
beforeAll(async () => {
  const environment = serveEnvironment(stack);
  pods = await Promise.all([ApiProcess.start(environment), ApiProcess.start(environment)]);
  [one, other] = [new Client(pods[0].url), new Client(pods[1].url)];
});
afterAll(() => Promise.all((pods ?? []).map((pod) => pod.stop())));

let heal: () => Promise<unknown> = async () => {};
afterEach(async () => {
  await heal();
  heal = async () => {};
});

const status = async (client: Client, token: string) => (await client.verify(token)).status;

/** A session that the pod's own memory answers for. */
async function rememberedSession(...clients: Client[]) {
  const { tokens, credentials } = await one.newSession();
  for (const client of clients) await eventually(() => answeredFromMemory(client, tokens.access_token));
  return { ...tokens, credentials };
}

async function answeredFromMemory(client: Client, token: string): Promise<void> {
  const ops = new Client((client === one ? pods[0] : pods[1]).opsUrl);
  const hits = () => metric(ops, 'cache_operations_total{operation="get_session",result="hit"}');
  const before = await hits();
  expect(await status(client, token)).toBe(200);
  if ((await hits()) === before) throw new Error('it was not answered from memory');
}

async function refusedWithin(client: Client, token: string, limitMs: number): Promise<number> {
  const startedMs = performance.now();
  while ((await status(client, token)) === 200) {
    if (performance.now() - startedMs > limitMs) throw new Error(`not refused within ${limitMs} ms`);
    await delay(5);
  }
  return performance.now() - startedMs;
}

test('what a login opens is found by the other pod in Redis: session, profile and permissions', async () => {
  await rememberedSession(one, other);
  const ops = new Client(pods[1].opsUrl);
  const found = async () => {
    const count = (type: string, result: string) =>
      metric(ops, `cache_operations_total{operation="get_${type}",result="${result}"}`);
    const types = ['session_data', 'user_profile', 'user_permissions'];
    const hits = await Promise.all(types.map((type) => count(type, 'hit')));
    const misses = await Promise.all(types.map((type) => count(type, 'miss')));
    return [...hits, ...misses];
  };
  // A busy machine stops trusting now and then, or is asked sooner than it has stored.
  await eventually(async () => {
    const { tokens } = await one.newSession();
    const before = await found();
    expect((await other.me(tokens.access_token)).status).toBe(200);
    const after = await found();
    expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([1, 1, 1, 0, 0, 0]);
  }, 30_000);
});

describe('a session that ends on one pod', () => {
  test('by logout is refused there at once, and by the other within a second', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { access_token: token, refresh_token } = await rememberedSession(one, other);
      await one.logout(refresh_token);
      expect(await status(one, token)).toBe(401);
      await refusedWithin(other, token, 1_000);
    }
    expect(
      await metric(new Client(pods[1].opsUrl), 'cache_invalidation_delay_seconds_count{kind="session_logout"}'),
    ).toBeGreaterThan(0);
  });

  test('by a password change and by account deletion', async () => {
    const { credentials, access_token: kept } = await rememberedSession(one);
    const { body: second } = await other.login(credentials);
    await eventually(() => answeredFromMemory(other, second.access_token));
    const changed = { ...credentials, password: 'another long word of tests' };
    const body = { current_password: credentials.password, new_password: changed.password };
    expect((await one.send('POST', '/v1/me/password', { token: kept, body })).status).toBe(204);
    await refusedWithin(other, second.access_token, 1_000);
    expect(await status(one, kept)).toBe(200);
    await one.send('DELETE', '/v1/me', { token: kept, body: { password: changed.password } });
    await refusedWithin(other, kept, 1_000);
  });

  test('and whose end is asked for again, since the answer was lost, is refused at once', async () => {
    const silent = await ApiProcess.start({ ...serveEnvironment(stack), REDIS_NODES: '' });
    try {
      for (let round = 0; round < 5; round += 1) {
        const { access_token: token, refresh_token } = await rememberedSession(one);
        expect((await new Client(silent.url).logout(refresh_token)).status).toBe(204);
        expect((await one.logout(refresh_token)).status).toBe(204);
        expect(await status(one, token)).toBe(401);
      }
    } finally {
      await silent.stop();
    }
  });

  test('although the pod that ended it died before it could tell: the outbox does', async () => {
    const leaving = await ApiProcess.start({ ...serveEnvironment(stack), REDIS_NODES: '' });
    const { access_token: token, refresh_token } = await rememberedSession(one, other);
    await new Client(leaving.url).logout(refresh_token);
    await leaving.stop();
    await refusedWithin(one, token, 3_000);
    await refusedWithin(other, token, 3_000);
  });
});

describe('with dependencies down', () => {
  test.each([
    ['silent', 'primary', (server: Container) => server.pause(), (server: Container) => server.resume()],
    ['killed', 'primary', (server: Container) => server.kill(), (server: Container) => server.restart()],
    ['killed', 'poolerRw', (server: Container) => server.kill(), (server: Container) => server.restart()],
  ])('%s %s: remembered sessions verify for longer than heartbeats may stay away', async (_, name, fail, recover) => {
    const { access_token: token } = await rememberedSession(one, other);
    const server = container(name);
    await fail(server);
    heal = () => recover(server).then(() => eventually(() => one.newSession()));
    for (let second = 0; second < 10; second += 1) {
      expect([await status(one, token), await status(other, token)]).toEqual([200, 200]);
      await delay(800);
    }
  });

  test('silent primary: a session that another pod has just opened verifies, until it ends', async () => {
    await rememberedSession(one, other);
    const primary = container('primary');
    await eventually(async () => {
      const { tokens } = await one.newSession();
      await primary.pause();
      heal = () => primary.resume().then(() => eventually(() => one.newSession()));
      const answer = await status(other, tokens.access_token);
      await primary.resume();
      heal = async () => {};
      expect(answer).toBe(200);
      await eventually(async () => expect((await one.logout(tokens.refresh_token)).status).toBe(204));
      await refusedWithin(other, tokens.access_token, 1_000);
    }, 60_000);
  });

  test.each(['redis0', 'redis1', 'redis2'])('%s silent: no session that ended is let through', async (name) => {
    const node = container(name);
    const before = await rememberedSession(one, other);
    await node.pause();
    heal = () => node.resume();
    for (const { access_token: token, refresh_token } of [before, (await one.newSession()).tokens]) {
      expect(await status(other, token)).toBe(200);
      expect((await one.logout(refresh_token)).status).toBe(204);
      expect(await status(one, token)).toBe(401);
      await refusedWithin(other, token, 5_000);
    }
    await heal();
    heal = async () => {};
    await eventually(() => rememberedSession(one, other), 30_000);
  });

  test('the pod that relays killed: another does, and what ends meanwhile is refused', async () => {
    const environment = serveEnvironment(stack);
    const isOnDuty = ({ log }: ApiProcess) =>
      log
        .filter((line) => line.includes('on_duty'))
        .at(-1)
        ?.includes('true');
    const relaying = await eventually(async () => {
      const pod = pods.find(isOnDuty);
      if (pod === undefined) throw new Error('nobody relays');
      return pod;
    });
    const staying = pods.find((pod) => pod !== relaying) ?? relaying;
    const client = staying === pods[0] ? one : other;
    const { access_token: token, refresh_token } = await rememberedSession(client);
    const withoutRedis = await ApiProcess.start({ ...environment, REDIS_NODES: '' });
    await relaying.stop();
    const index = pods.indexOf(relaying);
    heal = async () => {
      await withoutRedis.stop();
      pods[index] = await ApiProcess.start(environment);
      [one, other] = [new Client(pods[0].url), new Client(pods[1].url)];
    };
    expect(await status(client, token)).toBe(200);
    await new Client(withoutRedis.url).logout(refresh_token);
    await refusedWithin(client, token, 6_000);
    await eventually(async () => expect(isOnDuty(staying)).toBe(true));
  });

  test('without Redis sessions are checked with the primary; without both nothing is let through', async () => {
    const { access_token: token, refresh_token } = await rememberedSession(one, other);
    const nodes = ['redis0', 'redis1', 'redis2'].map(container);
    const primary = container('primary');
    heal = () => Promise.allSettled(nodes.map((node) => node.resume()));
    await Promise.all(nodes.map((node) => node.pause()));
    await delay(4_000);
    expect(await status(other, token)).toBe(200);
    await one.logout(refresh_token);
    expect([await status(one, token), await status(other, token)]).toEqual([401, 401]);
    const { tokens: fresh } = await one.newSession();
    await primary.pause();
    heal = async () => {
      await primary.resume();
      await Promise.all(nodes.map((node) => node.resume()));
      await eventually(() => one.newSession());
    };
    expect([await status(one, fresh.access_token), await status(other, fresh.access_token)]).toEqual([503, 503]);
    await heal();
    heal = async () => {};
    await eventually(() => rememberedSession(one, other));
    expect(await status(one, token)).toBe(401);
  });
});

describe('what is shown of an account', () => {
  test('is new on both pods after a change', async () => {
    const { access_token: token } = await rememberedSession(one, other);
    for (let round = 0; round < 5; round += 1) {
      const etag = (await other.me(token)).headers.get('etag') ?? '';
      const body = { display_name: `name ${round}` };
      await one.send('PATCH', '/v1/me', { token, body, headers: { 'if-match': etag } });
      expect((await one.me(token)).body).toMatchObject(body);
      await eventually(async () => expect((await other.me(token)).body).toMatchObject(body), 1_000, 10);
    }
  });

  test('grants take effect on the other pod', async () => {
    const admin = await administratorToken(one);
    const { access_token: token } = await rememberedSession(one, other);
    const { body: me } = await other.me(token);
    const ask = () => other.send('GET', '/verify?permission=authcluster.users.read', { token });
    expect((await ask()).status).toBe(403);
    const path = `/v1/admin/users/${String(me.id)}/permissions/authcluster.users.read`;
    for (const [method, expected] of [
      ['PUT', 200],
      ['DELETE', 403],
      ['PUT', 200],
    ] as const) {
      expect((await one.send(method, path, { token: admin })).status).toBe(204);
      await eventually(async () => expect((await ask()).status).toBe(expected), 1_000, 10);
    }
  });
});

test('a type that an administrator clears is loaded anew by every pod, and its version rises', async () => {
  const token = await administratorToken(one);
  interface Cache {
    readonly type: string;
    readonly version: number;
    readonly entries: number | null;
    readonly hit_ratio: number | null;
  }
  const cacheOn = async (client: Client, type: string) => {
    const path = '/v1/admin/caches';
    const { body } = await client.send<{ trusted: boolean; items: Cache[] }>('GET', path, { token });
    expect(body.trusted).toBe(true);
    const found = body.items.find((cache) => cache.type === type);
    if (found === undefined) throw new Error(`there is no ${type}`);
    return found;
  };
  const user = await rememberedSession(one, other);
  await Promise.all([one.me(user.access_token), other.me(user.access_token)]);
  const before = await cacheOn(other, 'user_basic');
  expect(before.entries).toBeGreaterThan(0);
  expect((await cacheOn(other, 'session')).hit_ratio).toBeGreaterThan(0);
  expect((await one.send('POST', '/v1/admin/caches/user_basic/clear', { token })).status).toBe(204);
  await eventually(async () => {
    expect(await cacheOn(other, 'user_basic')).toMatchObject({ version: before.version + 1, entries: 0 });
  }, 1_000);
  expect((await other.me(user.access_token)).status).toBe(200);
  expect((await one.send('POST', '/v1/admin/caches/nothing/clear', { token })).status).toBe(404);
});
