import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type pg from 'pg';
import { eventually } from '../../dev/eventually.ts';
import { noPassword } from '../src/storage/postgres/account-exporter.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Client } from './harness/client.ts';
import { metric } from './harness/metrics.ts';
import { connect } from './harness/postgres.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

const stack = runningStack();
// Counted on the primary: nothing that was just written is missing.
const { POSTGRES_READ_HOST: _, ADMIN_CREDENTIALS_DIR: __, ...environment } = serveEnvironment(stack);

let superuser: pg.Client;
let api: ApiProcess;
let client: Client;
beforeAll(async () => {
  superuser = await connect(stack.primaryPort, 'postgres');
  api = await ApiProcess.start(environment);
  client = new Client(api.url);
});
afterAll(() => Promise.all([api?.stop(), superuser?.end()]));

/** Counts anew whatever has been counted, and waits for it. */
async function countAnew() {
  // A pod that was killed before this test may hold the lease.
  await superuser.query("UPDATE auth.leases SET expires_at = '-infinity' WHERE name = 'sweeper'");
  await superuser.query("UPDATE auth.population_counts SET counted_at = now() - interval '1 day'");
  await eventually(async () => {
    const counted = "SELECT FROM auth.population_counts WHERE counted_at > now() - interval '1 hour'";
    expect((await superuser.query(counted)).rowCount).toBe(3);
  }, 60_000);
}

/** What a pod shows first of all. */
async function population() {
  await countAnew();
  const pod = await ApiProcess.start(environment);
  try {
    const ops = new Client(pod.opsUrl);
    await eventually(async () => {
      expect((await ops.send<string>('GET', '/metrics')).body).toMatch(/^legacy_password_hashes \d/m);
    });
    const [sessions, legacyHashes] = [
      await metric(ops, 'active_sessions'),
      await metric(ops, 'legacy_password_hashes'),
    ];
    return { sessions, legacyHashes };
  } finally {
    await pod.stop();
  }
}

const setHash = (username: string, hash: string) =>
  superuser.query(
    'UPDATE auth.credentials c SET password_hash = $2 FROM auth.users u WHERE u.id = c.user_id AND u.username = $1',
    [username, hash],
  );

test('sessions that have neither ended nor expired are counted, and hashes of another format than new ones have', async () => {
  const before = await population();
  const sessions = [await client.newSession(), await client.newSession(), await client.newSession()] as const;
  const [live, ended, expired] = sessions.map(({ credentials }) => credentials.username);
  await client.logout(sessions[1].tokens.refresh_token);
  await superuser.query(
    `UPDATE auth.sessions s SET expires_at = now() - interval '1 second'
    FROM auth.users u WHERE u.id = s.user_id AND u.username = $1`,
    [expired],
  );
  await setHash(ended ?? '', '$pbkdf2-sha256$i=1000$c2FsdA$aGFzaA');
  // Of another cost, and none at all.
  await setHash(live ?? '', `$2b$05$${'x'.repeat(53)}`);
  await setHash(expired ?? '', noPassword);
  expect(await population()).toEqual({ sessions: before.sessions + 1, legacyHashes: before.legacyHashes + 1 });
});

test('what nobody has counted for a while is not shown, and the rest is', async () => {
  await countAnew();
  // Nobody's turn, which who had it learns with its next sweep.
  await superuser.query(
    "UPDATE auth.leases SET holder = gen_random_uuid(), expires_at = 'infinity' WHERE name = 'sweeper'",
  );
  const hashes = "name LIKE 'legacyHashes%'";
  await eventually(async () => {
    await superuser.query(`UPDATE auth.population_counts SET counted_at = now() - interval '6 hours' WHERE ${hashes}`);
    await delay(3_000);
    const counted = `SELECT FROM auth.population_counts WHERE ${hashes} AND counted_at > now() - interval '5 hours'`;
    expect((await superuser.query(counted)).rowCount).toBe(0);
  }, 60_000);
  const pod = await ApiProcess.start(environment);
  try {
    const shown = async () => (await new Client(pod.opsUrl).send<string>('GET', '/metrics')).body;
    await eventually(async () => expect(await shown()).toMatch(/^active_sessions \d/m));
    expect(await shown()).not.toMatch(/^legacy_password_hashes \d/m);
  } finally {
    await pod.stop();
    await superuser.query("UPDATE auth.leases SET expires_at = '-infinity' WHERE name = 'sweeper'");
  }
});
