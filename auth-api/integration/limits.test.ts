import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../dev/eventually.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Client, newCredentials, unlessBusy } from './harness/client.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

const environment = {
  ...serveEnvironment(runningStack()),
  // In a time in which no slow test has another one allowed.
  LOGIN_RATE_PER_ACCOUNT: '20/86400',
  LOGIN_RATE_PER_NETWORK: '5/86400',
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
  return unlessBusy(() => client.send('POST', '/v1/login', { body: newCredentials(), headers }));
}

let networks = 0;
/** Of a network that nobody has come from. */
function freshAddress(): string {
  networks += 1;
  return `203.0.113.${networks}`;
}

describe('a client network', () => {
  test('is limited over all pods, and told when to come back', async () => {
    // Where a busy Redis answers a pod too late, that pod counts by itself.
    await eventually(async () => {
      const address = freshAddress();
      const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => loginFrom(oneOf(n), address)));
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused).toHaveLength(7);
      expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await loginFrom(oneOf(0), freshAddress())).status).toBe(401);
    });
  });

  test('is limited by the pod without Redis', async () => {
    // One that was too busy to answer has counted all the same.
    await eventually(async () => {
      const address = freshAddress();
      const answers = await Promise.all(Array.from({ length: 8 }, () => loginFrom(withoutRedis(), address)));
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(3);
    });
  });
});

describe('an account', () => {
  test('is locked after ten wrong passwords, on every pod, and says nothing of it', async () => {
    await eventually(async () => {
      const { credentials } = await oneOf(0).newSession();
      const wrong = { ...credentials, password: 'not the password' };
      for (let attempt = 0; attempt < 10; attempt += 1) {
        expect((await unlessBusy(() => oneOf(attempt).login(wrong))).status).toBe(401);
      }
      const right = await unlessBusy(() => oneOf(1).login(credentials));
      const refused = await unlessBusy(() => oneOf(0).login(wrong));
      expect([right.status, right.body]).toEqual([401, refused.body]);
    });
  });

  test('is not locked by wrong passwords that a right one interrupts', async () => {
    await eventually(async () => {
      const { credentials } = await oneOf(0).newSession();
      for (let attempt = 0; attempt < 12; attempt += 1) {
        const password = attempt === 6 ? credentials.password : 'not the password';
        await unlessBusy(() => oneOf(attempt).login({ ...credentials, password }));
      }
      expect((await unlessBusy(() => oneOf(0).login(credentials))).status).toBe(200);
    });
  });

  test('is limited in how often it is tried', async () => {
    const { credentials } = await withoutRedis().newSession();
    const statuses = new Set<number>();
    for (let attempt = 0; attempt < 30; attempt += 1) {
      const { status } = await unlessBusy(() => withoutRedis().login(credentials));
      statuses.add(status);
    }
    expect(statuses).toEqual(new Set([200, 429]));
  });
});
