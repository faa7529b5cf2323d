import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../dev/eventually.ts';
import { unlessBusy } from './harness/client.ts';
import { forgetShared } from './harness/forget-shared.ts';
import { metric } from './harness/metrics.ts';
import { begin, type Outage, outages } from './harness/outages.ts';
import { Pod } from './harness/pod.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

/** What a busy machine may need until servers that were away are used again. */
const recoveryLimitMs = 60_000;
let one: Pod;
let other: Pod;
beforeAll(async () => {
  [one, other] = await Pod.two(serveEnvironment(runningStack()));
});
afterAll(() => Promise.all([one?.api.stop(), other?.api.stop()]));

let heal: () => Promise<void> = async () => {};
afterEach(async () => {
  await heal();
  heal = async () => {};
  await eventually(() => one.client.newSession(), recoveryLimitMs);
  await eventually(readByReplica, recoveryLimitMs);
}, 150_000);

/** An account that the first pod has not seen yet, and so has to read. */
async function readNewAccount(): Promise<void> {
  const { tokens, credentials } = await other.client.newSession();
  await forgetShared(tokens);
  const { status, body } = await one.client.me(tokens.access_token);
  expect([status, body.username]).toEqual([200, credentials.username]);
}

async function readByReplica(): Promise<void> {
  const reads = () => metric(one.ops, 'split_reads_total{source="replica"}');
  const before = await reads();
  await readNewAccount();
  if ((await reads()) === before) throw new Error('no replica was read');
}

describe.each(outages)('the pooler of replicas, %s', (outage) => {
  test('the primary answers what it did, at once when the circuit is open; it closes by itself', async () => {
    await eventually(readByReplica, recoveryLimitMs);
    const statesBefore = one.circuitStates('replicas').length;
    const states = () => one.circuitStates('replicas').slice(statesBefore);
    const { end } = await begin(outage, 'poolerRo');
    heal = end;
    await eventually(async () => {
      await Promise.all(Array.from({ length: 4 }, readNewAccount));
      expect(states()).toContain('open');
    }, recoveryLimitMs);
    for (let account = 0; account < 5; account += 1) await readNewAccount();
    expect((await one.ops.send('GET', '/readyz')).status).toBe(200);
    await end();
    await eventually(async () => {
      await readByReplica();
      expect(states().at(-1)).toBe('closed');
    }, recoveryLimitMs);
  });
});

describe.each(outages)('the pooler of writes, %s', (outage) => {
  test('known sessions are checked, the rest is asked to come again, and does', async () => {
    const checks: Set<number>[] = [];
    // A machine so busy that heartbeats come too late makes pods ask the primary about sessions, too.
    await eventually(async () => {
      checks.push(await checksWhile(outage));
      expect(checks.at(-1)).toEqual(new Set([200]));
    }, recoveryLimitMs);
    for (const answers of checks) for (const status of answers) expect([200, 503]).toContain(status);
  }, 240_000);
});

/** What checks of a known session are answered while the pooler of writes is away, and nothing else can be done. */
async function checksWhile(outage: Outage): Promise<Set<number>> {
  const { credentials, tokens } = await one.client.newSession();
  const ended = await unlessBusy(() => one.client.login(credentials));
  const endedToken = ended.body.access_token;
  for (const token of [tokens.access_token, endedToken]) {
    await Promise.all([one, other].map((pod) => pod.remembers(token)));
  }
  expect((await one.client.logout(ended.body.refresh_token)).status).toBe(204);
  await eventually(async () => expect(await other.status(endedToken)).toBe(401));
  const { end } = await begin(outage, 'poolerRw');
  heal = end;
  const checking = new AbortController();
  const checks = checkUntil(checking.signal, tokens.access_token);
  const refused = await Promise.all([
    one.client.login(credentials),
    other.client.login(credentials),
    one.client.refresh(tokens.refresh_token),
    one.client.register({ ...credentials, username: `${credentials.username}-2` }),
  ]).finally(() => checking.abort());
  for (const { status, headers } of refused) {
    expect(status).toBe(503);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect((await one.ops.send('GET', '/readyz')).status).toBe(200);
  await end();
  // What was sent to the silent pooler it may do now: the same answer is given for half a minute.
  await eventually(async () => {
    expect((await other.client.refresh(tokens.refresh_token)).status).toBe(200);
  }, recoveryLimitMs);
  await eventually(async () => expect((await one.client.login(credentials)).status).toBe(200), recoveryLimitMs);
  expect(await one.status(endedToken)).toBe(401);
  return checks;
}

/** What both pods answer, again and again. */
async function checkUntil(over: AbortSignal, token: string): Promise<Set<number>> {
  const answers = new Set<number>();
  while (!over.aborted) {
    for (const pod of [one, other]) answers.add(await pod.status(token));
    await delay(20);
  }
  return answers;
}
