import type { Pod } from './objects.ts';

/** A pod that restarts is back in seconds; a volume that is attached anew, or a long log to read, takes a minute. */
const AWAITED_FOR_MS = 120_000;

/** Whether a pod is not waited for any more. Told by the pod alone: nothing is remembered. */
export function isGivenUp({ metadata, status }: Pod, nowMs: number): boolean {
  // This is when its grace ends: whoever is there still runs on a node that does not answer.
  if (metadata.deletionTimestamp !== undefined) return Date.parse(metadata.deletionTimestamp) < nowMs;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return false;
  // Without the condition no kubelet has had it yet.
  const since = ready?.lastTransitionTime ?? metadata.creationTimestamp;
  return since !== undefined && nowMs - Date.parse(since) > AWAITED_FOR_MS;
}
