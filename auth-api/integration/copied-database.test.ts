import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type pg from 'pg';
import { eventually } from '../../dev/eventually.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Client } from './harness/client.ts';
import { metric } from './harness/metrics.ts';
import { connect } from './harness/postgres.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

const stack = runningStack();
/** An id that no transaction of this server will have: of the database that the rows were copied from. */
const elsewhere = 5_000_000_000;

let superuser: pg.Client;
let api: ApiProcess;
let client: Client;
beforeAll(async () => {
  superuser = await connect(stack.primaryPort, 'postgres');
  await superuser.query('UPDATE auth.outbox_position SET forgotten_up_to = $1', [elsewhere]);
  const leftOver = "INSERT INTO auth.outbox (sequence, kind, targets) VALUES ($1, 'session_logout', '[]')";
  await superuser.query(leftOver, [elsewhere + 1]);
  api = await ApiProcess.start(serveEnvironment(stack));
  client = new Client(api.url);
});
afterAll(async () => {
  await api?.stop();
  // Where the test has failed, the others shall not.
  await superuser?.query('DELETE FROM auth.outbox WHERE sequence >= $1', [elsewhere]);
  await superuser?.query('UPDATE auth.outbox_position SET forgotten_up_to = 0 WHERE forgotten_up_to >= $1', [
    elsewhere,
  ]);
  await superuser?.end();
});

/** As another pod that died before it told anybody. */
const endUntold = `WITH ended AS (
    UPDATE auth.sessions SET ended_at = now(), end_reason = 'logout' WHERE id = $1 RETURNING id
  )
  INSERT INTO auth.outbox (kind, targets)
  SELECT 'session_logout', jsonb_agg(jsonb_build_object('type', cached.type, 'id', ended.id))
  FROM ended CROSS JOIN (VALUES ('session'), ('session_data')) AS cached (type)
  RETURNING sequence`;

async function answeredFromMemory(token: string): Promise<void> {
  const ops = new Client(api.opsUrl);
  const hits = () => metric(ops, 'cache_operations_total{operation="get_session",result="hit"}');
  const before = await hits();
  expect((await client.verify(token)).status).toBe(200);
  if ((await hits()) === before) throw new Error('it was not answered from memory');
}

test('a database copied from one with more transactions: changes are delivered and forgotten by their ids here', async () => {
  const { tokens } = await client.newSession();
  const { sid } = JSON.parse(Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  await eventually(() => answeredFromMemory(tokens.access_token));
  const { rows } = await superuser.query<{ sequence: string }>(endUntold, [sid]);
  await eventually(async () => expect((await client.verify(tokens.access_token)).status).toBe(401), 5_000, 50);
  const places = async () => {
    const read = `SELECT forgotten_up_to AS place FROM auth.outbox_position
      UNION ALL SELECT sequence FROM auth.outbox ORDER BY place`;
    return (await superuser.query<{ place: string }>(read)).rows.map(({ place }) => Number(place));
  };
  await eventually(
    async () => {
      const [forgotten = 0, ...waiting] = await places();
      expect(waiting).toEqual([]);
      expect(forgotten).toBeGreaterThanOrEqual(Number(rows[0]?.sequence));
      expect(forgotten).toBeLessThan(elsewhere);
    },
    60_000,
    500,
  );
});
