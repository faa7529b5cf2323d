import type { KubernetesClient } from '../kubernetes/client.ts';
import { type EventObject, hasCondition, type Job, type LiveObject, type StatefulSet } from '../kubernetes/objects.ts';
import type { Observed, Tier } from '../status/observed.ts';
import { type Refusal, refusal } from '../status/refusals.ts';
import type { Surroundings } from './observe.ts';
import type { Pass } from './pass.ts';
import { tierOf } from './tiers.ts';

/** Kubernetes' controllers try again at least every 1000 s: what was not refused since then is refused no more. */
const OUTDATED_MS = 1_200_000;

/**
 * Why StatefulSets and Jobs do not get their pods. Their status does not say it, events do; they are read only of
 * workloads that lack pods, since nothing else needs a watch of all events.
 */
export async function lookForRefusals(
  client: Pick<KubernetesClient, 'warnings'>,
  objects: Surroundings['objects'],
  pass: Pass,
): Promise<Observed['refusals']> {
  const refusals: Partial<Record<Tier, Refusal>> = {};
  await Promise.all(
    lackingPods(objects).map(async (workload) => {
      const tier = tierOf(workload);
      const step = `events of ${workload.kind} ${workload.metadata.name}`;
      const events = await pass.attempt(step, tier, () => client.warnings(workload, 'FailedCreate'));
      const words = latest(events ?? [], objects.atMs - OUTDATED_MS);
      if (tier === undefined || words === undefined) return;
      refusals[tier] ??= refusal(`${workload.kind} ${workload.metadata.name}`, words);
    }),
  );
  return refusals;
}

/** Workloads that have fewer pods than they should, and tell why by events alone. */
export function lackingPods({ statefulSets, jobs }: Pick<Observed, 'statefulSets' | 'jobs'>): LiveObject[] {
  return [...[...statefulSets.values()].filter(lacksReplicas), ...[...jobs.values()].filter(lacksPod)];
}

function lacksReplicas({ spec, status }: StatefulSet): boolean {
  return (status?.replicas ?? 0) < (spec.replicas ?? 1);
}

function lacksPod(job: Job): boolean {
  const isOver = hasCondition(job, 'Complete') || hasCondition(job, 'Failed');
  return !isOver && !job.status?.active && !job.status?.failed;
}

function latest(events: readonly EventObject[], sinceMs: number): string | undefined {
  const [newest] = events.toSorted((left, right) => lastSeenMs(right) - lastSeenMs(left));
  return newest !== undefined && lastSeenMs(newest) >= sinceMs ? newest.note : undefined;
}

/** Those of Kubernetes' own controllers have the times of the older API, under other names. */
function lastSeenMs({ series, deprecatedLastTimestamp, eventTime, metadata }: EventObject): number {
  const time = series?.lastObservedTime ?? deprecatedLastTimestamp ?? eventTime ?? metadata.creationTimestamp;
  return time === undefined ? 0 : Date.parse(time);
}
