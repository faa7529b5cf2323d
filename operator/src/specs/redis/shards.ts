import type { AuthCluster } from '../../api/authcluster.ts';
import type { Observed } from '../../status/observed.ts';
import { names } from '../names.ts';

type SeenShards = Pick<Observed, 'statefulSets' | 'redis'>;

/** How many shards have a StatefulSet, counted up to the last one. */
export function existingShards(cluster: AuthCluster, statefulSets: Observed['statefulSets']): number {
  const prefix = `${names(cluster).redis}-`;
  const numbers = [...statefulSets.keys()]
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length)))
    .filter(Number.isInteger);
  return Math.max(0, ...numbers.map((number) => number + 1));
}

/** Shards to keep up: those of the spec, and those that are to go but hold slots, or may do so. */
export function shardsToKeep(cluster: AuthCluster, { statefulSets, redis }: SeenShards): number {
  const inUse = redis?.shardsInUse ?? existingShards(cluster, statefulSets);
  return Math.max(cluster.spec.redis.shards, inUse);
}
