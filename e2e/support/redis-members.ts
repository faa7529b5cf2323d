import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import { INSTANCE, kubectl, NAMESPACE } from './cluster.ts';

const MEMBERS = `${INSTANCE},app.kubernetes.io/component=redis`;
const SHARD = 'authcluster.dev/shard';
const LOOKS_EVERY_MS = 500;

interface Member extends KubernetesObject {
  status?: { conditions?: { type: string; status: string }[] };
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
  const members = await kubectl.list<Member>(NAMESPACE, 'pods', MEMBERS);
  const shardOf = ({ metadata }: Member) => metadata.labels?.[SHARD] ?? '';
  const serving = new Set(members.filter(isReady).map(shardOf));
  return [...new Set(members.map(shardOf))].filter((shard) => !serving.has(shard));
}

function isReady({ metadata, status }: Member): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}
