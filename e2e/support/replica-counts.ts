import { expect } from '@jest/globals';
import { INSTANCE, kubectl, NAMESPACE } from './cluster.ts';
import { changeSpec, settled } from './database.ts';
import { eventually } from './eventually.ts';
import { SETTLED_SECONDS } from './repeated.ts';

/** Of the development sample. */
const SHARDS = 3;

/** Of Redis: one more in each shard, and one less again. */
export async function changeReplicasPerShard(): Promise<void> {
  for (const replicasPerShard of [2, 1]) {
    await changeSpec({ redis: { replicasPerShard } });
    await settled(SETTLED_SECONDS);
    await untilThereAre('pods', 'redis', SHARDS * (1 + replicasPerShard));
  }
}

/** Of PostgreSQL, one after the other: one more, and one less, which takes its volume with it. */
export async function changeReadReplicas(counts: readonly number[] = [2, 1]): Promise<void> {
  for (const readReplicas of counts) {
    await changeSpec({ postgres: { readReplicas } });
    await settled(SETTLED_SECONDS);
    await untilThereAre('pods', 'postgres', 1 + readReplicas);
    await untilThereAre('persistentvolumeclaims', 'postgres', 1 + readReplicas);
  }
}

async function untilThereAre(resource: string, component: string, count: number): Promise<void> {
  const selector = `${INSTANCE},app.kubernetes.io/component=${component}`;
  await eventually(async () => expect(await kubectl.list(NAMESPACE, resource, selector)).toHaveLength(count), 120);
}
