import { Gauge, type Registry } from 'prom-client';
import type { AuthCluster } from '../api/authcluster.ts';
import { CONDITIONS } from '../status/conditions.ts';

const STATUSES = ['True', 'False', 'Unknown'] as const;

/**
 * Conditions as kube-state-metrics shows those of Kubernetes' own kinds: a series for each value that one can have, of
 * which one is 1. Read when metrics are scraped: what is gone has no series, and types that nobody knows have none either.
 */
export function conditionMetrics(registry: Registry): (read: () => readonly AuthCluster[]) => void {
  let read = (): readonly AuthCluster[] => [];
  new Gauge({
    name: 'authcluster_condition',
    help: 'Whether a condition of an AuthCluster has this status: 0 or 1',
    labelNames: ['namespace', 'name', 'type', 'status'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { metadata, status: { conditions = [] } = {} } of read()) {
        for (const { type, status } of conditions.filter((condition) => Object.hasOwn(CONDITIONS, condition.type))) {
          for (const each of STATUSES) {
            const labels = { namespace: metadata.namespace, name: metadata.name, type, status: each.toLowerCase() };
            this.set(labels, each === status ? 1 : 0);
          }
        }
      }
    },
  });
  return (reader) => {
    read = reader;
  };
}
