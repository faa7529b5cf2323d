import type { AuthCluster } from '../api/authcluster.ts';
import { names } from '../specs/names.ts';
import type { Observed } from './observed.ts';
import { complete, type TierState, waiting } from './tier-state.ts';
import { scaled } from './workloads.ts';

export function gateway(cluster: AuthCluster, { deployments }: Observed): TierState {
  const name = names(cluster).gateway;
  const { enabled, autoscaling } = cluster.spec.gateway;
  if (!enabled) return complete('spec.gateway.enabled is false');
  const deployment = deployments.get(name);
  if (deployment === undefined) return waiting('WaitingForApi', `${name} begins when the auth API serves`);
  return scaled(name, deployment, autoscaling.minReplicas);
}
