import { afterEach, expect, test } from '@jest/globals';
import { testUser } from '../../scenarios/test-users.ts';
import { seedUsers } from '../run/seed-users.ts';
import { type FakeAuthApi, seedOptions, startFakeAuthApi } from '../testing/fake-auth-api.ts';
import { type LoginRun, measureAtRate, measureSaturation } from './saturation.ts';

let api: FakeAuthApi | undefined;
afterEach(() => api?.close());

/** An API that takes a tenth of a second of CPU for each login. */
async function runAgainst(server: FakeAuthApi): Promise<LoginRun> {
  await seedUsers(seedOptions(server, 10));
  const users = Array.from({ length: 10 }, (_, index) => testUser(index, 'test'));
  const look = async () => ({ pods: 1, memoryMib: 1, cpuSeconds: answered(server, 200) * 0.1 });
  return { baseUrl: server.url, users, seconds: 1, look };
}

const answered = (server: FakeAuthApi, status: number) => server.answers.get(`POST /v1/login ${status}`) ?? 0;

test('logins are counted as they are answered, and those turned away apart', async () => {
  const server = await startFakeAuthApi({ loginMs: 1, refuseEveryLogins: 2 });
  api = server;
  const found = await measureSaturation(await runAgainst(server), 3);
  expect(found.refused).toBe(answered(server, 503));
  expect(found.refused).toBeGreaterThan(0);
  expect(found.loginsPerSecond).toBeGreaterThan(0);
  expect(found.cpuCores / found.loginsPerSecond).toBeCloseTo(0.1, 1);
});

test('logins at a rate are no more than that', async () => {
  const server = await startFakeAuthApi({ loginMs: 1 });
  api = server;
  const before = answered(server, 200);
  const found = await measureAtRate(await runAgainst(server), 20);
  expect(answered(server, 200) - before).toBeLessThanOrEqual(22);
  expect(found.loginsPerSecond).toBeGreaterThan(0);
  expect(found.refused).toBe(0);
});
