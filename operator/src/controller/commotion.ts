import type { Node, Pod } from '../kubernetes/objects.ts';
import { isPodReady } from '../postgres/patroni.ts';
import { whyStuck } from './stuck-pods.ts';
import { hasComponent } from './tiers.ts';

/** As soon after it was cordoned a node that is drained has been asked for all its pods. */
const DRAIN_BEGINS_MS = 5000;
/** What has not started by then is not waited for. */
const LONGEST_START_MS = 60_000;
/** Kubernetes puts it on a node that is cordoned, within moments, with the time. */
const UNSCHEDULABLE_TAINT = 'node.kubernetes.io/unschedulable';

/**
 * What to wait for before the primary leaves a node that is drained: the pods that leave it at the same time start
 * elsewhere, and while they do, on a node that is short of CPU, writes would be held back for longer.
 */
export function commotion(pods: readonly Pod[], cordoned: readonly Node[], atMs: number): string | undefined {
  if (cordoned.some((node) => atMs - cordonedMs(node) < DRAIN_BEGINS_MS)) return 'the drain has to begin';
  const starting = pods.filter((pod) => isStarting(pod, atMs)).map(({ metadata }) => metadata.name);
  return starting.length === 0 ? undefined : `pods that have moved have to be ready: ${starting.join(', ')}`;
}

/** Just now, until Kubernetes has tainted the node; long ago, where the taint has no time. */
function cordonedMs({ spec }: Node): number {
  const taint = spec?.taints?.find(({ key }) => key === UNSCHEDULABLE_TAINT);
  if (taint === undefined) return Number.POSITIVE_INFINITY;
  return taint.timeAdded === undefined ? Number.NEGATIVE_INFINITY : Date.parse(taint.timeAdded);
}

function isStarting(pod: Pod, atMs: number): boolean {
  const { creationTimestamp = '', deletionTimestamp } = pod.metadata;
  if (hasComponent(pod, 'postgres', 'migrations') || deletionTimestamp !== undefined) return false;
  if (['Succeeded', 'Failed'].includes(pod.status?.phase ?? '') || isPodReady(pod)) return false;
  return atMs - Date.parse(creationTimestamp) < LONGEST_START_MS && whyStuck(pod) === undefined;
}
