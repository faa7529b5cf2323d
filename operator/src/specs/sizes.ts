import type { AuthCluster } from '../api/authcluster.ts';
import { COLORS } from '../rollout/plan.ts';
import { opposite, type RolloutPlan } from '../rollout/terms.ts';
import type { Observed } from '../status/observed.ts';
import { mayGo } from './hibernation.ts';
import { type Component, names } from './names.ts';
import { replicaServers } from './postgres/servers.ts';

/**
 * What the size of a Deployment must be. Of one that belongs to an autoscaler: not smaller (it would take the autoscaler its
 * first period, 15 s, to bring it there from the one pod that Kubernetes starts with), or none at all while hibernated. To be
 * set by a patch of spec.replicas alone: what was applied and is not any more, as when an autoscaler takes over, Kubernetes
 * sets back to one pod.
 */
export type Size = { atLeast: number } | { exactly: number };

/** A rollout's other colour is as large as the one that has the traffic, so that either can take all of it. */
export function smallestSizes(
  cluster: AuthCluster,
  observed: Observed,
  held: ReadonlySet<Component>,
  { active, apply, keep }: RolloutPlan,
): Map<string, Size> {
  const { api, gateway: edge, postgres: database } = cluster.spec;
  const { apiDeployment, gateway: gatewayName } = names(cluster);
  const sizes = new Map<string, Size>();
  if (!held.has('pooler-rw')) {
    const { instances, autoscaling } = database.pooler;
    for (const name of poolers(cluster)) {
      sizes.set(name, autoscaling === undefined ? { exactly: instances } : { atLeast: instances });
    }
  }
  if (!held.has('auth-api')) {
    sizes.set(apiDeployment(active), { atLeast: api.autoscaling.minReplicas });
    const size = observed.deployments.get(apiDeployment(active))?.spec.replicas ?? 0;
    const other = opposite(active);
    if ([...apply, ...keep].includes(other)) {
      sizes.set(apiDeployment(other), { atLeast: Math.max(size, api.autoscaling.minReplicas) });
    }
  }
  if (edge.enabled && !held.has('gateway')) sizes.set(gatewayName, { atLeast: edge.autoscaling.minReplicas });
  return sizes;
}

export function noSizes(cluster: AuthCluster, observed: Observed): Map<string, Size> {
  const { apiDeployment, gateway: gatewayName } = names(cluster);
  const sizes = new Map<string, Size>([[gatewayName, { exactly: 0 }]]);
  const colors = COLORS.filter((color) => observed.deployments.has(apiDeployment(color)));
  if (mayGo('auth-api', observed)) for (const color of colors) sizes.set(apiDeployment(color), { exactly: 0 });
  if (mayGo('pooler-rw', observed)) for (const name of poolers(cluster)) sizes.set(name, { exactly: 0 });
  return sizes;
}

function poolers(cluster: AuthCluster): string[] {
  const { poolerReadWrite, poolerReadOnly } = names(cluster);
  return [poolerReadWrite, ...(replicaServers(cluster) === undefined ? [] : [poolerReadOnly])];
}
