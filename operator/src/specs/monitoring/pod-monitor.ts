import type { AuthCluster } from '../../api/authcluster.ts';
import type { Manifest } from '../manifest.ts';
import { instanceMetadata, instanceSelector } from '../metadata.ts';
import { names } from '../names.ts';
import { EXPORTER_PORT_NAME } from './exporters.ts';

/** Labels of a pod, by the label of its series that takes their value. */
export const TARGET_LABELS = {
  authcluster: 'app_kubernetes_io_instance',
  component: 'app_kubernetes_io_component',
} as const;

/** Ports that show metrics, by their names: of the auth API and the gateway, and of exporters. */
export const METRICS_PORTS = ['ops', EXPORTER_PORT_NAME] as const;

/** For the Prometheus Operator: every pod of the AuthCluster that shows metrics. */
export function podMonitor(cluster: AuthCluster): Manifest {
  const relabelings = Object.entries(TARGET_LABELS).map(([targetLabel, podLabel]) => ({
    sourceLabels: [`__meta_kubernetes_pod_label_${podLabel}`],
    targetLabel,
  }));
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: monitoringMetadata(cluster),
    spec: {
      selector: { matchLabels: instanceSelector(cluster) },
      podMetricsEndpoints: METRICS_PORTS.map((port) => ({ port, path: '/metrics', interval: '15s', relabelings })),
    },
  };
}

/** With the labels by which a Prometheus chooses what is meant for it. */
export function monitoringMetadata(cluster: AuthCluster): Manifest['metadata'] {
  const metadata = instanceMetadata(cluster, names(cluster).monitoring);
  return { ...metadata, labels: { ...cluster.spec.monitoring.labels, ...metadata.labels } };
}
