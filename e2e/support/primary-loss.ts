import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import type { AuthClient } from './auth-client.ts';
import { noteLoad, WRITES_BACK_SECONDS } from './chaos-cluster.ts';
import { kubectl, NAMESPACE } from './cluster.ts';
import { type MixedResult, underMixedLoad } from './data-load.ts';
import { DATABASE_PODS, forceDelete, nodeOf, postgresStatus } from './database.ts';
import { eventually } from './eventually.ts';
import { whileStopped, whileTakingNoPods } from './nodes.ts';
import { type Note, SETTLED_SECONDS } from './repeated.ts';

interface Member extends KubernetesObject {
  status?: { conditions?: { type: string; status: string }[] };
}

/**
 * Who leads, once all members are there and a replica has every commit, by Kubernetes' and Patroni's own word: the status is
 * nobody's to write while no operator runs. Before that, a loss would be a second one.
 */
async function leader(): Promise<string> {
  const { primary } = await postgresStatus();
  const key = primary.slice(0, primary.lastIndexOf('-'));
  return eventually(async () => {
    const members = await kubectl.list<Member>(NAMESPACE, 'pods', DATABASE_PODS);
    const ready = members.filter(({ metadata, status }) => {
      if (metadata.deletionTimestamp !== undefined) return false;
      return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True');
    });
    const names = ready.map(({ metadata }) => metadata.name);
    const { leader } = await annotationsOf(`${key}-leader`);
    const { sync_standby = '' } = await annotationsOf(`${key}-sync`);
    expect(names).toHaveLength(2);
    expect(names).toEqual(expect.arrayContaining([leader, sync_standby]));
    return `${leader}`;
  }, SETTLED_SECONDS);
}

async function annotationsOf(configMap: string): Promise<Record<string, string>> {
  const found = await kubectl.find(NAMESPACE, 'configmaps', configMap);
  return found?.metadata.annotations ?? {};
}

/** The load goes on for as long as the bar leaves for the return of writes, and some more. */
function underLoss(client: AuthClient, withinSeconds: number, loss: () => Promise<void>): Promise<MixedResult> {
  return underMixedLoad(client, async () => {
    await loss();
    await sleep((withinSeconds + 5) * 1000);
  });
}

/** A pod is lost: checks of known sessions go on, and reads of what they may see. */
async function kill(client: AuthClient, primary: string, withinSeconds: number, note: Note): Promise<void> {
  const load = await underLoss(client, withinSeconds, () => forceDelete(primary));
  noteLoad(note, load);
  const { checks, reads } = load;
  note({
    'failed check requests': checks.failures.length,
    'failed read requests': reads.failures.length,
    'lost write requests': load.writes.lost,
  });
  expect([...checks.failures, ...reads.failures]).toEqual([]);
  expect(load.writes.lost).toBe(0);
  expect(load.writes.gapSeconds).toBeLessThan(withinSeconds);
}

/** The pod comes back where it was. */
export async function killPrimary(client: AuthClient, note: Note): Promise<void> {
  await kill(client, await leader(), WRITES_BACK_SECONDS.whereItRestarts, note);
}

/** Its node takes it no more, so that another member has to lead. */
export async function killPrimaryForGood(client: AuthClient, note: Note): Promise<void> {
  const primary = await leader();
  await whileTakingNoPods(await nodeOf(primary), () => kill(client, primary, WRITES_BACK_SECONDS.elsewhere, note));
}

/** With it go gateways, API pods, poolers and members of Redis: requests that were sent to them fail for a while. */
export async function stopNodeOfPrimary(client: AuthClient, note: Note): Promise<void> {
  const node = await nodeOf(await leader());
  await whileStopped(node, async (stop) => {
    const load = await underLoss(client, WRITES_BACK_SECONDS.afterANode, stop);
    const { writes, checks, reads } = load;
    noteLoad(note, load);
    note({
      'longest pause of checks': checks.gapSeconds,
      'longest pause of reads': reads.gapSeconds,
      'lost write requests': writes.lost,
    });
    expect(writes.lost).toBe(0);
    expect(writes.gapSeconds).toBeLessThan(WRITES_BACK_SECONDS.afterANode);
    expect(checks.gapSeconds).toBeLessThan(WRITES_BACK_SECONDS.afterANode);
    expect(reads.gapSeconds).toBeLessThan(WRITES_BACK_SECONDS.afterANode);
  });
}
