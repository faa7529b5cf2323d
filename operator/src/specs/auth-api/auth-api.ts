import type { AuthCluster } from '../../api/authcluster.ts';
import type { Deployment } from '../../kubernetes/objects.ts';
import { serviceAnnotations } from '../../rollout/plan.ts';
import { appliedRevision, type Revision, revisionAnnotations, wantedRevision } from '../../rollout/revision.ts';
import type { Color, RolloutPlan } from '../../rollout/terms.ts';
import { autoscaler, disruptionBudget } from '../availability.ts';
import type { BuilderInputs } from '../inputs.ts';
import type { Manifest } from '../manifest.ts';
import { ownedMetadata, selector } from '../metadata.ts';
import { COLOR_LABEL, names, PORTS } from '../names.ts';
import { service } from '../services.ts';

export interface ApiColors extends Pick<RolloutPlan, 'active' | 'apply' | 'record'> {
  /** Has the traffic as yet; undefined while there is no Service. */
  serving: Color | undefined;
}

/**
 * The auth API: Deployments, the Service that gives the active one the traffic, and what follows the traffic when that has
 * moved: the autoscaler, which then decides its size, and the disruption budget.
 */
export function authApi(
  cluster: AuthCluster,
  inputs: BuilderInputs,
  { active, apply, record, serving = active }: ApiColors,
): Manifest[] {
  const name = names(cluster);
  return [
    ...apply.map((color) => authApiDeployment(cluster, color, wantedRevision(cluster, inputs))),
    service(cluster, {
      component: 'auth-api',
      name: name.api,
      labels: { [COLOR_LABEL]: active },
      annotations: serviceAnnotations(record),
      ports: [{ name: 'http', port: PORTS.authApi, targetPort: 'http' }],
    }),
    autoscaler(cluster, {
      component: 'auth-api',
      name: name.api,
      deployment: name.apiDeployment(serving),
      autoscaling: cluster.spec.api.autoscaling,
    }),
    disruptionBudget(cluster, {
      component: 'auth-api',
      name: name.api,
      maxUnavailable: '25%',
      // Not of the other one, too: while its pods cannot start, no node could be drained.
      labels: { [COLOR_LABEL]: serving },
      evictUnhealthy: true,
    }),
  ];
}

/** Deployments that are to stay as they were made, where that is known: what somebody has changed is put right. */
export function keptDeployments(
  cluster: AuthCluster,
  live: ReadonlyMap<string, Deployment>,
  colors: readonly Color[],
): Manifest[] {
  return colors.flatMap((color) => {
    const deployment = live.get(names(cluster).apiDeployment(color));
    const revision = deployment && appliedRevision(deployment);
    return revision === undefined ? [] : [authApiDeployment(cluster, color, revision)];
  });
}

function authApiDeployment(cluster: AuthCluster, color: Color, revision: Revision): Manifest {
  const labels = { [COLOR_LABEL]: color };
  const { metadata, spec } = revision.template;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      ...ownedMetadata(cluster, 'auth-api', names(cluster).apiDeployment(color)),
      annotations: revisionAnnotations(revision),
    },
    spec: {
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
      selector: { matchLabels: { ...selector(cluster, 'auth-api'), ...labels } },
      template: { metadata: { ...metadata, labels: { ...metadata.labels, ...labels } }, spec },
    },
  };
}
