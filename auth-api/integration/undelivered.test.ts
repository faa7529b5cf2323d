import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type pg from 'pg';
import { eventually } from '../../dev/eventually.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Client } from './harness/client.ts';
import { connect } from './harness/postgres.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

const stack = runningStack();
/** An id that no transaction of this server will have: of a database that the rows were copied from. */
const elsewhere = 5_000_000_000;

let superuser: pg.Client;
let withoutRedis: ApiProcess;
beforeAll(async () => {
  superuser = await connect(stack.primaryPort, 'postgres');
  withoutRedis = await ApiProcess.start({ ...serveEnvironment(stack), REDIS_NODES: '' });
});
afterAll(async () => {
  await withoutRedis?.stop();
  await superuser?.query('DELETE FROM auth.outbox WHERE sequence >= $1', [elsewhere]);
  await superuser?.end();
});

/** Committed so many days ago, and delivered by nobody. */
async function undelivered(days: number, sequence: number | null = null): Promise<number> {
  const { rows } = await superuser.query<{ sequence: string }>(
    `INSERT INTO auth.outbox (sequence, kind, targets, committed_at)
    SELECT coalesce($2, pg_current_xact_id()::text::bigint), 'session_logout', '[]', now() - make_interval(days => $1)
    RETURNING sequence`,
    [days, sequence],
  );
  return Number(rows[0]?.sequence);
}

test('invalidations that nobody delivers are kept as long as anything that they are about may be cached', async () => {
  await superuser.query('DELETE FROM auth.outbox');
  const [old, young] = [[await undelivered(30), await undelivered(9)], await undelivered(7)];
  await undelivered(0, elsewhere);
  await superuser.query("UPDATE auth.leases SET expires_at = '-infinity' WHERE name = 'sweeper'");
  const waiting = async () => {
    const { rows } = await superuser.query<{ sequence: string }>('SELECT sequence FROM auth.outbox ORDER BY sequence');
    return rows.map(({ sequence }) => Number(sequence));
  };
  await eventually(async () => expect(await waiting()).toEqual([young]), 60_000, 200);
  const { rows } = await superuser.query('SELECT forgotten_up_to FROM auth.outbox_position');
  expect(rows).toEqual([{ forgotten_up_to: String(old[1]) }]);
});

test('a pod that has Redis again trusts what it hears from there on', async () => {
  const api = await ApiProcess.start(serveEnvironment(stack));
  try {
    const client = new Client(api.url);
    const { tokens } = await client.newSession();
    const check = () => client.verify(tokens.access_token);
    const untold = `WITH ended AS (
        UPDATE auth.sessions SET ended_at = now(), end_reason = 'logout' WHERE id = $1 RETURNING id
      )
      INSERT INTO auth.outbox (kind, targets)
      SELECT 'session_logout', jsonb_agg(jsonb_build_object('type', cached.type, 'id', ended.id))
      FROM ended CROSS JOIN (VALUES ('session'), ('session_data')) AS cached (type)`;
    expect((await check()).status).toBe(200);
    const { sid } = JSON.parse(Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    await superuser.query(untold, [sid]);
    await eventually(async () => expect((await check()).status).toBe(401), 5_000, 50);
    await eventually(
      async () => expect((await superuser.query('SELECT FROM auth.outbox')).rowCount).toBe(0),
      60_000,
      500,
    );
  } finally {
    await api.stop();
  }
});
