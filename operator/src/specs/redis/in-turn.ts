import type { AuthCluster } from '../../api/authcluster.ts';
import type { StatefulSet } from '../../kubernetes/objects.ts';
import type { Observed } from '../../status/observed.ts';
import { readyOf, rolledOut } from '../../status/workloads.ts';
import type { Manifest } from '../manifest.ts';
import { TEMPLATE_ANNOTATION } from './stateful-set.ts';

/**
 * Shards that stay as they are until it is their turn: a change of what pods are made of replaces those of one shard at a
 * time. A primary that stops hands over by a vote of all primaries, and of two that ask at once one may get none. Of a
 * shard without a ready pod there is nothing to hand over, and it may be waiting for just this change.
 */
export function shardsNotInTurn(
  { spec }: Pick<AuthCluster, 'spec'>,
  wanted: readonly Manifest[],
  { statefulSets }: Pick<Observed, 'statefulSets'>,
): Manifest[] {
  if (spec.hibernated) return [];
  const serving = wanted
    .filter((manifest) => templateOf(manifest) !== undefined)
    .map((manifest) => ({ manifest, live: statefulSets.get(manifest.metadata.name) }))
    .filter(({ live }) => readyOf(live) > 0);
  const changing = serving.filter(({ manifest, live }) => templateOf(live) !== templateOf(manifest));
  const isOneUnderWay = serving.some((shard) => !changing.includes(shard) && !rolledOut(shard.live));
  return changing.slice(isOneUnderWay ? 0 : 1).map(({ manifest }) => manifest);
}

/** What stands for the template of a shard's pods; the same for all shards that are up to date. */
export function templateOf(shard: Manifest | StatefulSet | undefined): string | undefined {
  return shard?.metadata.annotations?.[TEMPLATE_ANNOTATION];
}
