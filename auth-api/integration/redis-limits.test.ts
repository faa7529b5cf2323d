import { afterAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../dev/eventually.ts';
import { Limits } from '../src/limits/limits.ts';
import { MemoryLimitStore } from '../src/limits/memory-limit-store.ts';
import { RedisLimitStore } from '../src/limits/redis-limit-store.ts';
import { connectCluster } from './harness/redis-client.ts';

const clients = [connectCluster(), connectCluster()];
const stores = clients.map((client) => new RedisLimitStore(client, { commandTimeoutMs: 30_000 }));
afterAll(() => {
  for (const client of clients) client.disconnect();
});

let subjects = 0;
/** Nobody's yet: what a busy machine was too slow for is tried again with another one. */
function newSubject(): string {
  subjects += 1;
  return `subject-${subjects}`;
}

const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function podOf(shared: RedisLimitStore | undefined): Limits {
  return new Limits({
    rules: { login_account: { limit: 5, periodSeconds: 86_400 }, fast: { limit: 2, periodSeconds: 0.4 } },
    lockout: { threshold: 3, firstLockSeconds: 0.2, longestLockSeconds: 0.3, memorySeconds: 1 },
    shared,
    fallback: new MemoryLimitStore(() => performance.now()),
  });
}

describe('rates in Redis', () => {
  test('two pods that ask at once share one limit', async () => {
    const pods = stores.map(podOf);
    const decisions = await Promise.all(
      Array.from({ length: 40 }, (_, index) => pods[index % 2]?.take('login_account', 'jane')),
    );
    expect(decisions.filter((decision) => decision?.kind === 'allowed')).toHaveLength(5);
    expect(decisions.at(-1)).toEqual({ kind: 'limited', retryAfterSeconds: expect.any(Number) });
  });

  test('what was taken comes back evenly', async () => {
    const pod = podOf(stores[0]);
    await eventually(async () => {
      const subject = newSubject();
      const take = async () => (await pod.take('fast', subject)).kind;
      expect([await take(), await take(), await take()]).toEqual(['allowed', 'allowed', 'limited']);
      await pass(220);
      expect([await take(), await take()]).toEqual(['allowed', 'limited']);
    });
  });
});

test('whether an account may try is one question: of its rate, its lock and its failures', async () => {
  const [one, other] = stores.map(podOf);
  const ann = newSubject();
  expect(await one?.admit('login_account', ann)).toEqual({ kind: 'open', mayHaveFailed: false });
  await other?.recordFailure(ann);
  expect(await one?.admit('login_account', ann)).toEqual({ kind: 'open', mayHaveFailed: true });
  await one?.forgetFailures(ann);
  for (let asked = 0; asked < 3; asked += 1) await other?.admit('login_account', ann);
  expect(await one?.admit('login_account', ann)).toEqual({ kind: 'limited', retryAfterSeconds: expect.any(Number) });
  const policy = { threshold: 1, firstLockSeconds: 60, longestLockSeconds: 60, memorySeconds: 61 };
  expect(await stores[0]?.recordFailure('locked', policy)).toBe(60_000);
  const rule = { limit: 1, periodSeconds: 60 };
  const counted = await stores[1]?.admit('login_account', rule, 'locked');
  expect(counted).toEqual({ waitMs: 0, lockedMs: expect.any(Number), failures: 1 });
  expect(counted?.lockedMs).toBeGreaterThan(50_000);
});

describe('lockout in Redis', () => {
  test('failures at two pods count together, and lock for longer each time', async () => {
    const store = stores[0];
    const [one, other] = stores.map(podOf);
    const policy = { threshold: 3, firstLockSeconds: 0.2, longestLockSeconds: 0.3, memorySeconds: 1 };
    await eventually(async () => {
      const [joe, raw] = [newSubject(), newSubject()];
      await one?.recordFailure(joe);
      await other?.recordFailure(joe);
      expect(await one?.recordFailure(joe)).toEqual({ kind: 'lockedOut', retryAfterSeconds: 1 });
      expect(await other?.lockout(joe)).toEqual({ kind: 'lockedOut', retryAfterSeconds: 1 });
      await pass(210);
      expect(await other?.lockout(joe)).toEqual({ kind: 'open' });

      expect(await store?.recordFailure(raw, policy)).toBe(0);
      expect(await store?.recordFailure(raw, policy)).toBe(0);
      expect(await store?.recordFailure(raw, policy)).toBe(200);
      expect(await store?.recordFailure(raw, policy)).toBeLessThanOrEqual(200);
      await pass(210);
      expect(await store?.recordFailure(raw, policy)).toBe(300);
    });
  });

  test('a right password forgets them', async () => {
    const pod = podOf(stores[0]);
    const jim = newSubject();
    for (let failures = 0; failures < 3; failures += 1) await pod.recordFailure(jim);
    await pod.forgetFailures(jim);
    expect(await pod.lockout(jim)).toEqual({ kind: 'open' });
    expect(await pod.recordFailure(jim)).toEqual({ kind: 'open' });
  });
});
