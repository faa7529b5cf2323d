import type { AuthCluster } from '../../api/authcluster.ts';
import type { PostgresMember } from '../../postgres/patroni.ts';
import { DEFAULT_MAX_CONNECTIONS } from '../postgres/parameters.ts';

/**
 * Server connections kept free for others than the poolers: superusers (3), Patroni (3), the operator (2),
 * migrations (4), monitoring (4), and a person with psql. The CRD's rule counts with the same number.
 */
export const RESERVED_CONNECTIONS = 20;

export interface ConnectionBudget {
  /** PostgreSQL's max_connections, or what of an external server's this AuthCluster may use. */
  maxConnections: number;
  /** Server connections that one pooler pod may open, over all users together. */
  poolSize: number;
}

/**
 * How many server connections each pooler pod may open, so that their sum always fits into max_connections: twice the
 * pods that there may be, because in a rollout the old ones may still finish their work while all new ones run. Both
 * Deployments get the whole of it: one talks to the primary, the other to replicas, and in the worst case to a single
 * one of them. A higher max_connections counts once all `members` have been restarted for it.
 */
export function connectionBudget(cluster: AuthCluster, members: readonly Restarted[] = []): ConnectionBudget {
  const { external, parameters, pooler } = cluster.spec.postgres;
  const wanted = external?.maxConnections ?? Number(parameters?.max_connections ?? DEFAULT_MAX_CONNECTIONS);
  const maxConnections = Math.min(wanted, ...members.flatMap(formerMaxConnections));
  const instances = pooler.autoscaling?.maxInstances ?? pooler.instances;
  const poolSize = Math.floor((maxConnections - RESERVED_CONNECTIONS) / (2 * instances));
  // PgBouncer takes 0 for any number.
  return { maxConnections, poolSize: Math.max(1, poolSize) };
}

type Restarted = Pick<PostgresMember, 'pendingRestart'>;

/** What a member runs with that is to be restarted for another. */
function formerMaxConnections({ pendingRestart }: Restarted): number[] {
  return pendingRestart
    .filter(({ parameter }) => parameter === 'max_connections')
    .map(({ from }) => Number.parseInt(from, 10))
    .filter((from) => from > 0);
}
