import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import { INSTANCE, kubectl, NAMESPACE } from './cluster.ts';
import { eventually } from './eventually.ts';
import { inRedis } from './redis-keys.ts';

const MEMBERS = `${INSTANCE},app.kubernetes.io/component=redis`;
const SHARD = 'authcluster.dev/shard';
const LOOKS_EVERY_MS = 500;

/** Of the development sample: three shards of two members. */
const MEMBER_COUNT = 6;

interface Member extends KubernetesObject {
  status?: { phase?: string; conditions?: { type: string; status: string }[] };
}

/** Resolves once all pods of Redis run, and none that was there before among them. */
export async function runningMembers(before: readonly Member[], timeoutSeconds: number): Promise<void> {
  const former = new Set(before.map(({ metadata }) => metadata.uid));
  await eventually(async () => {
    const running = (await members()).filter(({ metadata, status }) => {
      return status?.phase === 'Running' && metadata.deletionTimestamp === undefined && !former.has(metadata.uid);
    });
    expect(running).toHaveLength(MEMBER_COUNT);
  }, timeoutSeconds);
}

/** Resolves once each member says that it knows all others, and somebody for every slot: the status may be that of before. */
export async function wholeRedis(timeoutSeconds: number): Promise<void> {
  await eventually(async () => {
    const pods = await members();
    expect(pods).toHaveLength(MEMBER_COUNT);
    const told = await Promise.all(pods.map(({ metadata }) => inRedis(metadata.name, 'ask cluster info')));
    for (const info of told) {
      expect(info).toMatch(/^cluster_state:ok\r?$/m);
      expect(info).toMatch(/^cluster_slots_ok:16384\r?$/m);
      expect(info).toMatch(new RegExp(`^cluster_known_nodes:${MEMBER_COUNT}\\r?$`, 'm'));
    }
  }, timeoutSeconds);
}

export function members(): Promise<Member[]> {
  return kubectl.list<Member>(NAMESPACE, 'pods', MEMBERS);
}

/** Looks at the members again and again for as long as `during` runs: shards of which none was ready at some moment. */
export async function shardsLeftAlone(during: () => Promise<void>): Promise<string[]> {
  const alone = new Set<string>();
  let running = true;
  const watching = (async () => {
    while (running) {
      // A look that fails tells nothing.
      for (const shard of await shardsWithoutMember().catch(() => [])) alone.add(shard);
      await sleep(LOOKS_EVERY_MS);
    }
  })();
  try {
    await during();
  } finally {
    running = false;
    await watching;
  }
  return [...alone];
}

async function shardsWithoutMember(): Promise<string[]> {
  const all = await members();
  const shardOf = ({ metadata }: Member) => metadata.labels?.[SHARD] ?? '';
  const serving = new Set(all.filter(isReady).map(shardOf));
  return [...new Set(all.map(shardOf))].filter((shard) => !serving.has(shard));
}

function isReady({ metadata, status }: Member): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}
