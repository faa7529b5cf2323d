import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ApiProcess } from './harness/api-process.ts';
import { Client } from './harness/client.ts';
import { metric } from './harness/metrics.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

let api: ApiProcess;
let client: Client;
beforeAll(async () => {
  const { ADMIN_CREDENTIALS_DIR: _, ...environment } = serveEnvironment(runningStack());
  // One password at a time, for long enough that others come meanwhile.
  api = await ApiProcess.start({ ...environment, HASH_WORKERS: '1', HASH_QUEUE_LENGTH: '0', HASH_COST: '13' });
  client = new Client(api.url);
});
afterAll(() => api?.stop());

test('logins beyond what can be hashed are told when to come again, and checks of tokens go on meanwhile', async () => {
  const { credentials, tokens } = await client.newSession();
  const ops = new Client(api.opsUrl);
  const shed = () => metric(ops, 'auth_requests_total{status="failure",error_type="overloaded"}');
  const shedBefore = await shed();
  let isRushing = true;
  const checks: number[] = [];
  const checking = (async () => {
    while (isRushing) checks.push((await client.verify(tokens.access_token)).status);
  })();
  const rush = await Promise.all(Array.from({ length: 8 }, () => client.login(credentials)));
  isRushing = false;
  await checking;

  const refused = rush.filter(({ status }) => status !== 200);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThan(rush.length);
  for (const { status, headers, body } of refused) {
    expect([status, body]).toEqual([
      503,
      expect.objectContaining({ type: 'https://authcluster.dev/problems/overloaded' }),
    ]);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect(await shed()).toBe(shedBefore + refused.length);
  expect(checks.length).toBeGreaterThan(0);
  expect(new Set(checks)).toEqual(new Set([200]));
});
