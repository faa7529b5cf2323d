import { CLUSTER_DASHBOARDS, grafanaDashboard, OPERATOR_DASHBOARD } from './dashboards/grafana.ts';
import { clusterRules } from './monitoring.ts';
import { OPERATOR_GROUP } from './operator-alerts.ts';
import { METRICS_PORTS, TARGET_LABELS } from './pod-monitor.ts';
import type { RuleGroup } from './rule.ts';
import { CHOSEN_CLUSTER, EVERY_CLUSTER } from './scope.ts';

/** A rule file of Prometheus, for every AuthCluster and for the operator. */
export function ruleFile(): { groups: readonly RuleGroup[] } {
  return { groups: [...clusterRules(EVERY_CLUSTER), OPERATOR_GROUP] };
}

/** A scrape configuration of Prometheus that does what the PodMonitors of all AuthClusters do, and finds the operator. */
export function scrapeFile(): { scrape_configs: readonly object[] } {
  return {
    scrape_configs: [
      {
        job_name: 'authclusters',
        scrape_interval: '15s',
        kubernetes_sd_configs: [{ role: 'pod' }],
        relabel_configs: [
          keep('authcluster', METRICS_PORTS),
          ...Object.entries(TARGET_LABELS).map(([label, podLabel]) => labelled(`label_${podLabel}`, label)),
          ...RUNNING_PODS,
        ],
      },
      {
        job_name: 'authcluster-operator',
        scrape_interval: '15s',
        // Conditions are of AuthClusters in any namespace.
        honor_labels: true,
        kubernetes_sd_configs: [{ role: 'pod' }],
        relabel_configs: [keep('authcluster-operator', ['metrics']), ...RUNNING_PODS],
      },
    ],
  };
}

function labelled(podMeta: string, target_label: string): object {
  return { source_labels: [`__meta_kubernetes_pod_${podMeta}`], target_label };
}

const RUNNING_PODS = [
  // Pods that have ended stay listed for a while, and would look as if they were down; PodMonitors leave them out.
  { source_labels: ['__meta_kubernetes_pod_phase'], regex: 'Failed|Succeeded', action: 'drop' },
  { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
  labelled('name', 'pod'),
];

function keep(app: string, ports: readonly string[]): object {
  return {
    source_labels: ['__meta_kubernetes_pod_label_app_kubernetes_io_name', '__meta_kubernetes_pod_container_port_name'],
    regex: `${app};(${ports.join('|')})`,
    action: 'keep',
  };
}

/** Grafana's files, by name: a person chooses the AuthCluster in each. */
export function dashboardFiles(): ReadonlyMap<string, object> {
  const files = CLUSTER_DASHBOARDS.map((dashboard): [string, object] => [
    `${dashboard.slug}.json`,
    grafanaDashboard(dashboard, {
      scope: CHOSEN_CLUSTER,
      uid: `authcluster-${dashboard.slug}`,
      title: `AuthCluster: ${dashboard.title}`,
    }),
  ]);
  return new Map([...files, ['operator.json', operatorDashboard()]]);
}

export function operatorDashboard(): object {
  return grafanaDashboard(OPERATOR_DASHBOARD, {
    scope: '',
    uid: 'authcluster-operator',
    title: 'AuthCluster: operator',
  });
}
