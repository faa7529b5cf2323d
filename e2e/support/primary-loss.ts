import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { AuthClient } from './auth-client.ts';
import { WRITES_BACK_SECONDS } from './chaos-cluster.ts';
import { kubectl, NAMESPACE } from './cluster.ts';
import { type MixedResult, underMixedLoad } from './data-load.ts';
import { forceDelete, nodeOf, postgresStatus } from './database.ts';
import { whileCordoned, whileStopped } from './nodes.ts';
import type { Measured } from './repeated.ts';

/** Who leads, by Patroni's own word: the status is nobody's to write while no operator runs. */
export async function leader(): Promise<string> {
  const { primary } = await postgresStatus();
  const key = primary.slice(0, primary.lastIndexOf('-'));
  return kubectl.run([
    'get',
    '-n',
    NAMESPACE,
    'configmap',
    `${key}-leader`,
    '-o',
    'jsonpath={.metadata.annotations.leader}',
  ]);
}

/** The load goes on for as long as the bar leaves for the return of writes, and some more. */
function underLoss(client: AuthClient, withinSeconds: number, loss: () => Promise<void>): Promise<MixedResult> {
  return underMixedLoad(client, async () => {
    await loss();
    await sleep((withinSeconds + 5) * 1000);
  });
}

/** A pod is lost: checks of known sessions go on. */
async function kill(client: AuthClient, primary: string, withinSeconds: number): Promise<Measured> {
  const { writes, checks } = await underLoss(client, withinSeconds, () => forceDelete(primary));
  expect(checks.failures).toEqual([]);
  expect(writes.lost).toBe(0);
  expect(writes.gapSeconds).toBeLessThan(withinSeconds);
  return { 'writes back after': writes.gapSeconds };
}

/** The pod comes back where it was. */
export async function killPrimary(client: AuthClient): Promise<Measured> {
  return kill(client, await leader(), WRITES_BACK_SECONDS.whereItRestarts);
}

/** Its node takes it no more, so that another member has to lead. */
export async function killPrimaryForGood(client: AuthClient): Promise<Measured> {
  const primary = await leader();
  let measured: Measured = {};
  await whileCordoned(await nodeOf(primary), async () => {
    measured = await kill(client, primary, WRITES_BACK_SECONDS.elsewhere);
  });
  return measured;
}

/** With it go gateways, API pods, poolers and members of Redis: requests that were sent to them fail for a while. */
export async function stopNodeOfPrimary(client: AuthClient): Promise<Measured> {
  const node = await nodeOf(await leader());
  let measured: Measured = {};
  await whileStopped(node, async (stop) => {
    const { writes, checks } = await underLoss(client, WRITES_BACK_SECONDS.afterANode, stop);
    expect(writes.lost).toBe(0);
    expect(writes.gapSeconds).toBeLessThan(WRITES_BACK_SECONDS.afterANode);
    expect(checks.gapSeconds).toBeLessThan(WRITES_BACK_SECONDS.afterANode);
    measured = { 'writes back after': writes.gapSeconds, 'checks back after': checks.gapSeconds };
  });
  return measured;
}
