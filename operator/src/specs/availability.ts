import type { AuthCluster } from '../api/authcluster.ts';
import type { Autoscaling } from '../api/generated/authcluster.ts';
import type { Manifest } from './manifest.ts';
import { ownedMetadata, selector } from './metadata.ts';
import type { Component } from './names.ts';

export interface DisruptionBudgetOptions {
  component: Component;
  name: string;
  /** A number, or a share such as `25%`, which is rounded up. */
  maxUnavailable: number | string;
  /** Narrows the selection. */
  labels?: Readonly<Record<string, string>>;
  /** Whether a drain may take pods that are not ready, whatever the budget: right where no data is at stake. */
  evictUnhealthy: boolean;
}

export function disruptionBudget(cluster: AuthCluster, options: DisruptionBudgetOptions): Manifest {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: ownedMetadata(cluster, options.component, options.name),
    spec: {
      maxUnavailable: options.maxUnavailable,
      ...(options.evictUnhealthy ? { unhealthyPodEvictionPolicy: 'AlwaysAllow' } : {}),
      selector: { matchLabels: { ...selector(cluster, options.component), ...options.labels } },
    },
  };
}

export interface AutoscalerOptions {
  component: Component;
  name: string;
  deployment: string;
  autoscaling: Autoscaling;
}

/**
 * Grows at once, by as much as doubles the pods; shrinks only after five calm minutes and a tenth at a time, because
 * a pod that comes back after a lull starts with cold caches.
 */
export function autoscaler(cluster: AuthCluster, options: AutoscalerOptions): Manifest {
  const { minReplicas, maxReplicas, targetCPUUtilizationPercentage } = options.autoscaling;
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: ownedMetadata(cluster, options.component, options.name),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: options.deployment },
      minReplicas,
      maxReplicas,
      metrics: [
        {
          type: 'Resource',
          resource: {
            name: 'cpu',
            target: { type: 'Utilization', averageUtilization: targetCPUUtilizationPercentage },
          },
        },
      ],
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 0,
          selectPolicy: 'Max',
          policies: [
            { type: 'Percent', value: 100, periodSeconds: 15 },
            { type: 'Pods', value: 4, periodSeconds: 15 },
          ],
        },
        scaleDown: {
          stabilizationWindowSeconds: 300,
          selectPolicy: 'Max',
          policies: [
            { type: 'Percent', value: 10, periodSeconds: 60 },
            { type: 'Pods', value: 1, periodSeconds: 60 },
          ],
        },
      },
    },
  };
}
