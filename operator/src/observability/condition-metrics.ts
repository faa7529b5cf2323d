import { Gauge, type Registry } from 'prom-client';
import type { AuthCluster } from '../api/authcluster.ts';
import { CONDITIONS } from '../status/conditions.ts';
import type { Reason } from '../status/reasons.ts';

const STATUSES = ['True', 'False', 'Unknown'] as const;
const BAKING: Reason = 'RolloutBaking';

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
  new Gauge({
    name: 'authcluster_baking',
    help: 'Whether all that an AuthCluster waits for is the end of a rollout that is watched: 0 or 1',
    labelNames: ['namespace', 'name'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { metadata, status: { conditions = [] } = {} } of read()) {
        // Its reason is that of the first tier that is not as declared.
        const progressing = conditions.find(({ type }) => type === 'Progressing');
        if (progressing === undefined) continue;
        const isBaking = progressing.status === 'True' && progressing.reason === BAKING;
        this.set({ namespace: metadata.namespace, name: metadata.name }, isBaking ? 1 : 0);
      }
    },
  });
  return (reader) => {
    read = reader;
  };
}
