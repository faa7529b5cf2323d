import type { AuthCluster } from '../../api/authcluster.ts';
import { serviceAnnotations } from '../../rollout/plan.ts';
import { appliedRevision, type Revision, revisionAnnotations, wantedRevision } from '../../rollout/revision.ts';
import type { Color, RolloutPlan } from '../../rollout/terms.ts';
import type { Observed } from '../../status/observed.ts';
import { autoscaler, disruptionBudget } from '../availability.ts';
import type { BuilderInputs } from '../inputs.ts';
import type { Manifest } from '../manifest.ts';
import { ownedMetadata, selector } from '../metadata.ts';
import { COLOR_LABEL, names, PORTS } from '../names.ts';
import { service } from '../services.ts';

export interface ApiColors extends Pick<RolloutPlan, 'active' | 'apply' | 'record'> {
  /** What the active one is, where it is not to run the wanted revision; undefined where that is not known. */
  kept: Revision | undefined;
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
  { active, apply, record, kept, serving = active }: ApiColors,
): Manifest[] {
  const name = names(cluster);
  const wanted = wantedRevision(cluster, inputs);
  return [
    ...apply.map((color) => authApiDeployment(cluster, color, wanted)),
    service(cluster, {
      component: 'auth-api',
      name: name.api,
      labels: { [COLOR_LABEL]: active },
      annotations: serviceAnnotations(record, apply.includes(active) ? wanted : kept),
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

/** What a colour was made, where that is known: by its Deployment or, where that is gone, by the Service that selects it. */
export function keptRevision(
  cluster: AuthCluster,
  { deployments, api: { serving, served } }: Pick<Observed, 'deployments' | 'api'>,
  color: Color,
): Revision | undefined {
  const deployment = deployments.get(names(cluster).apiDeployment(color));
  if (deployment !== undefined) return appliedRevision(deployment);
  return color === serving ? served : undefined;
}

/** Deployments that are to stay as they were made, where that is known: what somebody has changed is put right. */
export function keptDeployments(
  cluster: AuthCluster,
  observed: Pick<Observed, 'deployments' | 'api'>,
  colors: readonly Color[],
): Manifest[] {
  return colors.flatMap((color) => {
    const revision = keptRevision(cluster, observed, color);
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
