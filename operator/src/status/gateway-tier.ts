import type { AuthCluster } from '../api/authcluster.ts';
import { names } from '../specs/names.ts';
import type { Observed, Trouble } from './observed.ts';
import { complete, type TierState, waiting } from './tier-state.ts';
import { scaled } from './workloads.ts';

export function gateway(cluster: AuthCluster, { deployments, unexposedGateway }: Observed): TierState {
  const name = names(cluster).gateway;
  const { enabled, autoscaling } = cluster.spec.gateway;
  if (!enabled) return complete('spec.gateway.enabled is false');
  const deployment = deployments.get(name);
  if (deployment === undefined) return waiting('WaitingForApi', `${name} begins when the auth API serves`);
  const state = scaled(name, deployment, autoscaling.minReplicas);
  if (!state.complete || !unexposedGateway?.mayBeServed) return state;
  return { ...state, message: `${state.message}; ${unexposedGateway.message}` };
}

/** What makes the gateway of less use than it could be, though its pods are all that was declared. */
export function gatewayShortcoming(
  observed: Pick<Observed, 'unbelievedGateway' | 'unexposedGateway'>,
): Trouble | undefined {
  const { unbelievedGateway, unexposedGateway } = observed;
  if (unexposedGateway === undefined || unexposedGateway.mayBeServed) return unbelievedGateway;
  const { reason, message } = unexposedGateway;
  return { reason, message };
}
