import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { ApiProcess } from './harness/api-process.ts';
import { Client } from './harness/client.ts';
import { consoleLogin } from './harness/pgbouncer.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

const stack = runningStack();
let api: ApiProcess;
let client: Client;
beforeAll(async () => {
  api = await ApiProcess.start(serveEnvironment(stack));
  client = new Client(api.url);
});
afterAll(() => api?.stop());

/** As the operator does before it moves the primary; its connection ends, as when it dies. */
async function tellPooler(...commands: string[]): Promise<void> {
  const console = new pg.Client({
    host: '127.0.0.1',
    port: stack.poolerRwPort,
    database: 'pgbouncer',
    ...consoleLogin,
  });
  await console.connect();
  for (const command of commands) await console.query(command);
  await console.end();
}

test('a pooler that is paused and left so goes on after 5 s; who waited gets the answer', async () => {
  const { credentials, tokens } = await client.newSession();
  // The watchdog of a pause that has ended does not cut the next one short.
  await tellPooler('PAUSE', 'RESUME');
  await delay(3000);
  await tellPooler('PAUSE');
  const startedMs = performance.now();
  const answers = await Promise.all([client.login(credentials), client.refresh(tokens.refresh_token)]);
  const tookMs = performance.now() - startedMs;
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(tookMs).toBeGreaterThan(4000);
  expect(tookMs).toBeLessThan(7000);
});
