import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { ApiProcess, runCommand } from './harness/api-process.ts';
import { Client } from './harness/client.ts';
import { runningStack } from './harness/running-stack.ts';
import { migrateEnvironment, serveEnvironment } from './harness/stack.ts';

const stack = runningStack();

describe('the start', () => {
  test('fails with the name of each variable that is missing or wrong', async () => {
    const { POSTGRES_WRITE_HOST: _, ...environment } = serveEnvironment(stack);
    const { exitCode, log } = await runCommand('serve', { ...environment, HASH_WORKERS: 'many' });
    expect(exitCode).toBe(1);
    expect(log.join('\n')).toContain('POSTGRES_WRITE_HOST must be set');
    expect(log.join('\n')).toContain('HASH_WORKERS must be an integer');
  });

  test('fails where there are no keys', async () => {
    const { exitCode, log } = await runCommand('serve', { ...serveEnvironment(stack), KEYS_DIR: '/nowhere' });
    expect(exitCode).toBe(1);
    expect(log.join('\n')).toContain('/nowhere/keyset.json');
  });

  test('migrating again changes nothing', async () => {
    const { exitCode, log } = await runCommand('migrate', migrateEnvironment(stack));
    expect(exitCode).toBe(0);
    expect(log.join('\n')).toContain('"applied":0');
  });
});

describe('SIGTERM', () => {
  test('under load no request is lost, and the pod says that it is not ready', async () => {
    // The load logs in more often than a person may.
    const environment = { ...serveEnvironment(stack), MAX_SESSIONS_PER_USER: '10000' };
    const [leaving, staying] = await Promise.all([ApiProcess.start(environment), ApiProcess.start(environment)]);
    const { credentials, tokens } = await new Client(leaving.url).newSession();
    const load = loadWhileReady(leaving, staying, async (client) => {
      const verified = await client.verify(tokens.access_token);
      const loggedIn = await client.login(credentials);
      return [verified.status, loggedIn.status];
    });
    await delay(300);
    leaving.signal('SIGTERM');
    expect(await leaving.ended()).toBe(0);
    const statuses = await load.stop();
    await staying.stop();
    expect(statuses.length).toBeGreaterThan(20);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(leaving.log.at(-1)).toContain('stopped');
  });
});

/** Sends to one pod while it is ready, then to the other, as a Service does: it notices late. */
function loadWhileReady(
  leaving: ApiProcess,
  staying: ApiProcess,
  request: (client: Client) => Promise<number[]>,
): { stop(): Promise<number[]> } {
  let target = new Client(leaving.url);
  let stopped = false;
  const statuses: number[] = [];
  const watch = async () => {
    while (target.url === leaving.url) {
      const ready = await fetch(`${leaving.opsUrl}/readyz`);
      if (ready.status === 503) target = new Client(staying.url);
      await delay(200);
    }
  };
  const send = async () => {
    while (!stopped) statuses.push(...(await request(target)));
  };
  const running = Promise.all([watch(), ...Array.from({ length: 8 }, send)]);
  return {
    stop: async () => {
      stopped = true;
      await running;
      return statuses;
    },
  };
}
