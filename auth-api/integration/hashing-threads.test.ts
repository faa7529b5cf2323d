import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../../dev/eventually.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Client, unlessBusy } from './harness/client.ts';
import { deadlyPassword } from './harness/dying-hashing-worker.ts';
import { metric } from './harness/metrics.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

let api: ApiProcess;
let client: Client;
beforeAll(async () => {
  const preload = new URL('harness/dying-hashing-threads.ts', import.meta.url);
  api = await ApiProcess.start({ ...serveEnvironment(runningStack()), NODE_OPTIONS: `--import ${preload.href}` });
  client = new Client(api.url);
});
afterAll(() => api?.stop());

const hashing = (state: string) => metric(new Client(api.opsUrl), `password_hashing{state="${state}"}`);
const threads = async () => (await readdir(`/proc/${api.pid}/task`)).length;

test('a hashing thread that dies costs the login that it held, which may come again, and nothing else', async () => {
  const { credentials } = await client.newSession();
  const threadsBefore = await threads();
  const deaths = 12;
  for (let death = 1; death <= deaths; death += 1) {
    const [died, other] = await Promise.all([
      eventually(async () => {
        const answer = await client.login({ ...credentials, password: deadlyPassword });
        // Not one that was shed because the machine is busy.
        expect(answer.body).toMatchObject({ type: 'https://authcluster.dev/problems/unavailable' });
        return answer;
      }),
      unlessBusy(() => client.login(credentials)),
    ]);
    expect([died.status, other.status]).toEqual([503, 200]);
    expect(Number(died.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await hashing('threadDeaths')).toBe(death);
  }
  expect((await unlessBusy(() => client.login(credentials))).status).toBe(200);
  await eventually(async () => {
    expect([await hashing('busy'), await hashing('queued')]).toEqual([0, 0]);
    expect(await threads()).toBeLessThan(threadsBefore + deaths / 2);
  });
});
