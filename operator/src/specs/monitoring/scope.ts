import type { AuthCluster } from '../../api/authcluster.ts';

/**
 * What chooses the series of one AuthCluster, or of several, inside the braces of a query. Each series has the labels
 * `namespace` and `authcluster`, which the scraping gives it (PodMonitor, or manifests/monitoring/prometheus.yaml).
 */
export type Scope = string;

/** Every AuthCluster that is scraped: for rules that exist once. */
export const EVERY_CLUSTER: Scope = 'authcluster!=""';

/** For dashboards in which a person chooses. */
export const CHOSEN_CLUSTER: Scope = 'namespace="$namespace",authcluster="$authcluster"';

export function scopeOf({ metadata: { namespace, name } }: AuthCluster): Scope {
  return `namespace="${namespace}",authcluster="${name}"`;
}

/** What the rules keep apart. */
export const BY_CLUSTER = 'by (namespace, authcluster)';

/**
 * Lookups in caches that a query sums: those that were answered, and those that neither tier has answered, be it not known,
 * not to be trusted or not to be had. What a pod's memory does not answer is looked up once more, in the tier that pods share,
 * so that it is no end of a lookup. The report of a load test counts the same (load/src/run/samples.ts).
 */
export const ANSWERED = 'result="hit"';
export const UNANSWERED = 'result!="hit",operation!~"get_session|get_user_basic"';
