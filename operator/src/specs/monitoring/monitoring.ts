import type { AuthCluster } from '../../api/authcluster.ts';
import { stableHash } from '../../controller/hash.ts';
import type { BuilderInputs } from '../inputs.ts';
import type { Manifest } from '../manifest.ts';
import { instanceMetadata } from '../metadata.ts';
import { names } from '../names.ts';
import { alertGroups } from './alerts.ts';
import { CLUSTER_DASHBOARDS, grafanaDashboard } from './dashboards/grafana.ts';
import { objectiveGroups } from './objectives.ts';
import { monitoringMetadata, podMonitor } from './pod-monitor.ts';
import type { RuleGroup } from './rule.ts';
import { type Scope, scopeOf } from './scope.ts';

/** Rules about AuthClusters. */
export function clusterRules(scope: Scope): RuleGroup[] {
  return [...objectiveGroups(scope), ...alertGroups(scope)];
}

/** What has an AuthCluster scraped and watched. Nothing where monitoring is off, or nobody would read it. */
export function monitoring(
  cluster: AuthCluster,
  { prometheusOperator }: Pick<BuilderInputs, 'prometheusOperator'>,
): Manifest[] {
  if (!cluster.spec.monitoring.enabled || !prometheusOperator) return [];
  return [podMonitor(cluster), prometheusRule(cluster), dashboards(cluster)];
}

function prometheusRule(cluster: AuthCluster): Manifest {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: monitoringMetadata(cluster),
    spec: { groups: clusterRules(scopeOf(cluster)) },
  };
}

/** For Grafana's sidecar, which takes up ConfigMaps with this label. */
function dashboards(cluster: AuthCluster): Manifest {
  const { namespace, name } = cluster.metadata;
  const scope = scopeOf(cluster);
  const files = CLUSTER_DASHBOARDS.map((dashboard): [string, string] => {
    const uid = stableHash([namespace, name, dashboard.slug]).slice(0, 16);
    const title = `${namespace}/${name}: ${dashboard.title}`;
    return [
      `${namespace}-${name}-${dashboard.slug}.json`,
      JSON.stringify(grafanaDashboard(dashboard, { scope, uid, title })),
    ];
  });
  const metadata = instanceMetadata(cluster, names(cluster).dashboards);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...metadata, labels: { grafana_dashboard: '1', ...metadata.labels } },
    data: Object.fromEntries(files),
  };
}
