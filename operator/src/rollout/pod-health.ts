import { type ContainerStatus, hasCondition, type Pod } from '../kubernetes/objects.ts';
import type { PodHealth } from './terms.ts';

/** A pod that has begun and is not ready for longer than this is not on its way any more. */
export const UNREADY_SECONDS = 30;

/** How pods are that have the traffic since `switchedAtMs`. */
export function podHealth(pods: readonly Pod[], switchedAtMs: number | undefined, nowMs: number): PodHealth {
  const present = pods.filter(isOnNode);
  const unready = present.filter((pod) => !hasCondition(pod, 'Ready'));
  const longAgoMs = nowMs - UNREADY_SECONDS * 1000;
  return {
    crashing: present.filter((pod) => containersOf(pod).some((each) => endsAgainAndAgain(each, switchedAtMs))).length,
    unready: unready.length,
    longUnready: unready.filter((pod) => hasBegun(pod) && unreadySinceMs(pod) <= longAgoMs).length,
  };
}

/** Neither waiting for room, nor leaving, nor what is left of a pod that a node has evicted. */
function isOnNode({ metadata, spec, status }: Pod): boolean {
  const hasEnded = status?.phase === 'Failed' || status?.phase === 'Succeeded';
  return spec.nodeName !== undefined && metadata.deletionTimestamp === undefined && !hasEnded;
}

/** Once is chance, or its node. What happened before the traffic came has been overcome. */
function endsAgainAndAgain({ restartCount, state, lastState }: ContainerStatus, switchedAtMs = Infinity): boolean {
  if (state?.waiting?.reason === 'CrashLoopBackOff') return true;
  const ended = state?.terminated ?? lastState?.terminated;
  return restartCount > 1 && Date.parse(ended?.finishedAt ?? '') >= switchedAtMs;
}

/** Not while its image is pulled or its volumes are awaited, which says nothing about the revision. */
function hasBegun({ status }: Pod): boolean {
  const containers = status?.containerStatuses ?? [];
  const begun = ({ restartCount, state }: ContainerStatus) => restartCount > 0 || state?.waiting === undefined;
  return containers.length > 0 && containers.every(begun);
}

/** NaN where it is not known. */
function unreadySinceMs({ status }: Pod): number {
  return Date.parse(status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '');
}

function containersOf({ status }: Pod): ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}
