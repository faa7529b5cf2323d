import { expect } from '@jest/globals';
import { Client } from 'pg';
import { forwardPort } from '../../dev/kubernetes/gateway.ts';
import type { AuthClient } from './auth-client.ts';
import { noteLoad } from './chaos-cluster.ts';
import { INSTANCE, kubectl, NAME, NAMESPACE } from './cluster.ts';
import { underMixedLoad } from './data-load.ts';
import { annotate, failuresOf, liveCluster, postgresStatus, SWITCHOVER, settled, standby } from './database.ts';
import { eventually } from './eventually.ts';
import { killerOf, leadingOperator } from './operator-leader.ts';
import { type Note, SETTLED_SECONDS } from './repeated.ts';
import { secret } from './secret.ts';
import { untilPrinted } from './watched-lines.ts';

const POOLERS = `${INSTANCE},app.kubernetes.io/component=pooler-rw`;
const POOLER_LOGS = ['logs', '-n', NAMESPACE, '-l', POOLERS, '-c', 'pgbouncer'];
const BEGINS_WITHIN_SECONDS = 60;
/** After the 5 s at whose end a pooler lets writes go on by itself: until the next one is answered. */
const LONGEST_WAIT_SECONDS = 6.5;

/** How far a planned move is, in the order in which it gets there, and what shows it. */
export const MOVE_STEPS = ['writes held back', 'Patroni told', 'new primary leads'] as const;
export type MoveStep = (typeof MOVE_STEPS)[number];

/**
 * Kills the operator in the middle of a planned move. No request fails, writes wait no longer than the poolers let them
 * by themselves, and the next operator ends what this one has begun.
 */
export async function dieDuringMove(client: AuthClient, step: MoveStep, note: Note): Promise<void> {
  const to = await standby();
  const operator = await leadingOperator();
  const { kill, close } = await killerOf(operator);
  try {
    const beganAt = new Date().toISOString();
    const load = await underMixedLoad(client, async () => {
      await reaching(step, to, kill);
      const killedMs = Date.now();
      await eventually(() => movedTo(to), SETTLED_SECONDS);
      note({ 'moved and settled after': (Date.now() - killedMs) / 1000 });
    });
    noteLoad(note, load);
    expect(await leadingOperator()).not.toBe(operator);
    // Somebody else has resumed the poolers, so the operator died before it could.
    expect(await kubectl.run([...POOLER_LOGS, '--tail=-1', `--since-time=${beganAt}`])).toContain('resuming');
    expect(failuresOf(load)).toEqual([]);
    expect(load.writes.lost).toBe(0);
    expect(load.writes.gapSeconds).toBeLessThan(LONGEST_WAIT_SECONDS);
  } finally {
    close();
    await annotate(`${SWITCHOVER}-`);
    await settled(SETTLED_SECONDS);
  }
}

async function movedTo(to: string): Promise<void> {
  expect((await liveCluster()).metadata.annotations ?? {}).not.toHaveProperty([SWITCHOVER]);
  expect((await postgresStatus()).primary).toBe(to);
  await settled(SETTLED_SECONDS);
}

/** Begins a move, and does what is given as soon as it is so far. */
async function reaching(step: MoveStep, to: string, act: () => Promise<void>): Promise<void> {
  const begin = () => annotate(`${SWITCHOVER}=${to}`);
  // Without it the operator would hold writes back and tell Patroni in one breath.
  if (step === 'writes held back') {
    return whileInTransaction(() => Promise.all([paused().then(act), begin()]).then(() => undefined));
  }
  const reached = step === 'Patroni told' ? annotated('failover', 'member', to) : annotated('leader', 'leader', to);
  await Promise.all([reached.then(act), begin()]);
}

/** PgBouncer says so before it waits for the transactions under way. */
function paused(): Promise<void> {
  const follow = [...POOLER_LOGS, '--follow', `--since-time=${new Date().toISOString()}`];
  return untilPrinted(follow, (line) => line.includes('LOG PAUSE command issued'), BEGINS_WITHIN_SECONDS);
}

/** Where Patroni keeps what it was told, and who leads. */
function annotated(configMap: string, annotation: string, value: string): Promise<void> {
  const one = ['--field-selector', `metadata.name=${NAME}-postgres-${configMap}`];
  const print = `jsonpath={.metadata.annotations.${annotation}}{"\\n"}`;
  const watch = ['get', 'configmaps', '-n', NAMESPACE, ...one, '--watch', '-o', print];
  return untilPrinted(watch, (line) => line === value, BEGINS_WITHIN_SECONDS);
}

/** With a transaction open through a pooler, for whose end a PAUSE has to wait. */
async function whileInTransaction(run: () => Promise<void>): Promise<void> {
  const { username, password } = await secret(`${NAME}-postgres-app`);
  const { url, close } = await forwardPort(kubectl, NAMESPACE, `service/${NAME}-pooler-rw`, 5432);
  const { hostname, port } = new URL(url);
  const client = new Client({ host: hostname, port: Number(port), user: username, password, database: 'auth' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('begin');
    await client.query('select pg_current_xact_id()');
    await run();
  } finally {
    await client.end();
    close();
  }
}
