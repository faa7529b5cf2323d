import { type Deployment, isTakenUp, type StatefulSet } from '../kubernetes/objects.ts';
import { refusal, replicaFailure } from './refusals.ts';
import { complete, pods, serving, type TierState, waiting } from './tier-state.ts';

/** What keeps a Deployment from getting its pods: no progress for long, or pods that may not be made (a quota). */
export function stall(name: string, deployment: Deployment | undefined): TierState['trouble'] {
  const conditions = deployment?.status?.conditions ?? [];
  const refused = replicaFailure(deployment);
  const stalled = refused ?? conditions.find(({ reason }) => reason === 'ProgressDeadlineExceeded');
  if (stalled === undefined) return undefined;
  const next =
    stalled === refused
      ? 'let the namespace have these pods (quota, limits); during a rollout there are more of them'
      : 'see the events and logs of its pods';
  return { reason: 'RolloutStuck', message: `${name}: ${stalled.message ?? 'no progress'}. Next: ${next}` };
}

/** A Deployment whose size belongs to an autoscaler: more pods may be on their way without it being incomplete. */
export function scaled(name: string, deployment: Deployment, minReplicas: number): TierState {
  const ready = readyOf(deployment);
  const trouble = stall(name, deployment);
  const withTrouble = trouble === undefined ? {} : { trouble };
  if (ready === 0) return { ...waiting('NotReady', `no pod of ${name} is ready`), ...withTrouble };
  if (!rolledOut(deployment)) {
    return { ...serving('RollingOut', `${servingPods(ready, name)}; others are being replaced`), ...withTrouble };
  }
  const state =
    ready < minReplicas
      ? serving('ScalingUp', `${ready} of ${minReplicas} pods of ${name} are ready`)
      : complete(servingPods(ready, name));
  const refused = replicaFailure(deployment);
  if (refused === undefined) return state;
  return { ...state, trouble: refusal(`Deployment ${name}`, refused.message ?? 'no reason given') };
}

function servingPods(count: number, name: string): string {
  return `${pods(count)} of ${name} ${count === 1 ? 'serves' : 'serve'}`;
}

/** Whether every pod is of the newest template, and none of an older one is left. */
export function rolledOut(workload: StatefulSet | Deployment | undefined): boolean {
  if (workload?.status === undefined) return false;
  const { replicas = 0, updatedReplicas = 0 } = workload.status;
  return isTakenUp(workload) && updatedReplicas >= replicas;
}

export function readyOf(workload: StatefulSet | Deployment | undefined): number {
  return workload?.status?.readyReplicas ?? 0;
}

export function imageOf(deployment: Deployment | undefined): string | undefined {
  return deployment?.spec.template?.spec?.containers?.[0]?.image;
}
