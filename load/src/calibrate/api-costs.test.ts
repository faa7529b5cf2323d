import { afterEach, expect, test } from '@jest/globals';
import { testUser } from '../../scenarios/test-users.ts';
import { seedUsers } from '../run/seed-users.ts';
import { type FakeAuthApi, seedOptions, startFakeAuthApi } from '../testing/fake-auth-api.ts';
import { measureApiCosts } from './api-costs.ts';

let api: FakeAuthApi | undefined;
afterEach(() => api?.close());

async function measured(hashMs: number, refusals: { refuseEveryLogins?: number } = {}) {
  api = await startFakeAuthApi({ loginMs: 0, ...refusals });
  const users = Array.from({ length: 8 }, (_, index) => testUser(index, 'test'));
  await seedUsers(seedOptions(api, users.length));
  const { answers, url } = api;
  const costsMs: Record<string, number> = {
    'POST /v1/login 200': 103,
    'POST /v1/refresh 200': 0.7,
    'GET /v1/me 200': 0.4,
    'GET /verify 200': 0.1,
    'POST /v1/logout 204': 0.6,
  };
  const cpuSeconds = async () => {
    const counted = [...answers].reduce((sum, [answer, count]) => sum + count * (costsMs[answer] ?? 0), 0);
    return counted / 1000;
  };
  return measureApiCosts({
    baseUrl: url,
    users,
    cpuSeconds,
    pods: async () => 1,
    pause: async () => {},
    hashMs,
  });
}

test.each([
  ['the cost of each operation comes from the CPU that many of them used, hashing taken off', {}],
  ['logins that are turned away are tried again', { refuseEveryLogins: 3 }],
])('%s', async (_rule, refusals) => {
  const costs = await measured(100, refusals);
  expect(costs).toEqual({
    idleMillicores: 1,
    loginMs: 3,
    refreshMs: 0.7,
    profileMs: 0.4,
    verifyHitMs: 0.1,
    verifyMissMs: 0.1,
    logoutMs: 0.6,
  });
});

test.each([
  ['less than its hash', 105],
  ['more beside its hash than the hash itself', 20],
])('a login that costs %s was hashed with something else, and nothing is taken off it', async (_, hashMs) => {
  await expect(measured(hashMs)).rejects.toThrow(/^a login took 103.0 ms of CPU.*: give hash-algorithm and hash-cost/);
});
