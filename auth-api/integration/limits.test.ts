import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApiProcess } from './harness/api-process.ts';
import { Client, newCredentials } from './harness/client.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

const environment = {
  ...serveEnvironment(runningStack()),
  LOGIN_RATE_PER_ACCOUNT: '20/60',
  LOGIN_RATE_PER_NETWORK: '5/60',
};
let pods: ApiProcess[];
let clients: Client[];
beforeAll(async () => {
  pods = await Promise.all([
    ApiProcess.start(environment),
    ApiProcess.start(environment),
    ApiProcess.start({ ...environment, REDIS_NODES: '' }),
  ]);
  clients = pods.map((pod) => new Client(pod.url));
});
afterAll(() => Promise.all((pods ?? []).map((pod) => pod.stop())));

const oneOf = (index: number) => clients[index % 2] ?? new Client('');
const withoutRedis = () => clients[2] ?? new Client('');

function loginFrom(client: Client, address: string) {
  const headers = { 'x-forwarded-for': address };
  return client.send('POST', '/v1/login', { body: newCredentials(), headers });
}

describe('a client network', () => {
  test('is limited over all pods, and told when to come back', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => loginFrom(oneOf(n), '203.0.113.9')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(7);
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await loginFrom(oneOf(0), '203.0.113.10')).status).toBe(401);
  });

  test('is limited by the pod without Redis', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => loginFrom(withoutRedis(), '203.0.113.11')));
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(3);
  });
});

describe('an account', () => {
  test('is locked after ten wrong passwords, on every pod, and says nothing of it', async () => {
    const { credentials } = await oneOf(0).newSession();
    const wrong = { ...credentials, password: 'not the password' };
    for (let attempt = 0; attempt < 10; attempt += 1) expect((await oneOf(attempt).login(wrong)).status).toBe(401);
    const right = await oneOf(1).login(credentials);
    expect([right.status, right.body]).toEqual([401, (await oneOf(0).login(wrong)).body]);
  });

  test('is not locked by wrong passwords that a right one interrupts', async () => {
    const { credentials } = await oneOf(0).newSession();
    for (let attempt = 0; attempt < 12; attempt += 1) {
      const password = attempt === 6 ? credentials.password : 'not the password';
      await oneOf(attempt).login({ ...credentials, password });
    }
    expect((await oneOf(0).login(credentials)).status).toBe(200);
  });

  test('is limited in how often it is tried', async () => {
    const { credentials } = await withoutRedis().newSession();
    const statuses = new Set<number>();
    // One after the other: a crowd is shed with 503 before it is counted.
    for (let attempt = 0; attempt < 30; attempt += 1) statuses.add((await withoutRedis().login(credentials)).status);
    expect(statuses).toEqual(new Set([200, 429]));
  });
});
