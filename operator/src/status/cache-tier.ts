import type { AuthCluster } from '../api/authcluster.ts';
import { names } from '../specs/names.ts';
import { templateOf } from '../specs/redis/in-turn.ts';
import type { Observed } from './observed.ts';
import { complete, serving, type TierState, waiting } from './tier-state.ts';
import { rolledOut } from './workloads.ts';

const SLOTS = 16_384;

export function cache(cluster: AuthCluster, { statefulSets, redis }: Observed): TierState {
  const { shards, replicasPerShard } = cluster.spec.redis;
  const nodes = shards * (replicasPerShard + 1);
  const wanted = Array.from({ length: shards }, (_, shard) => statefulSets.get(names(cluster).redisShard(shard)));
  if (wanted.includes(undefined)) return waiting('Creating', 'StatefulSets are being created');
  if (redis === undefined) return waiting('Starting', 'no Redis node answers yet');
  const activity = redis.activity === undefined ? '' : `: ${redis.activity}`;
  if (redis.slotsCovered < SLOTS) {
    return waiting('SlotsNotCovered', `${redis.slotsCovered} of ${SLOTS} slots are served${activity}`);
  }
  // Shards that wait for their turn are of an earlier template than the others.
  if (!wanted.every(rolledOut) || new Set(wanted.map(templateOf)).size > 1) {
    return serving('RollingOut', 'all slots are served; pods are being replaced, those of one shard at a time');
  }
  if (redis.readyNodes >= nodes && redis.activity !== undefined) {
    return serving('Rearranging', `all slots are served${activity}`);
  }
  if (redis.readyNodes < nodes || redis.shards !== shards || redis.activity !== undefined) {
    return serving('NodesNotReady', `all slots are served; ${redis.readyNodes} of ${nodes} nodes are ready${activity}`);
  }
  return complete(`${nodes} nodes in ${shards} shards serve all slots`);
}
