import type { AuthCluster } from '../../api/authcluster.ts';
import { disruptionBudget } from '../availability.ts';
import type { BuilderInputs } from '../inputs.ts';
import type { Manifest } from '../manifest.ts';
import { ownedMetadata, selector } from '../metadata.ts';
import { names, ROLE_LABEL } from '../names.ts';

/**
 * What a drain may take. With replicas it may not take the primary: the operator sees that the node is cordoned and makes
 * another pod the primary, whereupon this one is a replica, of which all but one stay. Alone, the primary could never be
 * moved off its node, and a budget would block every drain; where the operator sees no nodes, it would, too. `primaryMayGo`
 * where it cannot be moved, but is not alone.
 */
export function disruptionBudgets(
  cluster: AuthCluster,
  { seesNodes }: Pick<BuilderInputs, 'seesNodes'>,
  primaryMayGo = false,
): Manifest[] {
  const { readReplicas } = cluster.spec.postgres;
  const name = names(cluster);
  if (readReplicas === 0) return [];
  if (seesNodes) {
    return [
      keptAvailable(cluster, name.postgresPrimary, 'primary', primaryMayGo ? 0 : 1),
      keptAvailable(cluster, name.postgresReplicas, 'replica', readReplicas - 1),
    ];
  }
  const any = { component: 'postgres', name: name.postgres, maxUnavailable: 1, evictUnhealthy: false } as const;
  return [disruptionBudget(cluster, any)];
}

/**
 * A number of pods that stay, and not one that may go: the latter is counted against all pods of the StatefulSet,
 * whatever their role. No pod may be under two budgets, and none has two roles.
 */
function keptAvailable(
  cluster: AuthCluster,
  name: string,
  role: 'primary' | 'replica',
  minAvailable: number,
): Manifest {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: ownedMetadata(cluster, 'postgres', name),
    spec: { minAvailable, selector: { matchLabels: { ...selector(cluster, 'postgres'), [ROLE_LABEL]: role } } },
  };
}
