import type { AuthCluster } from '../../api/authcluster.ts';
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
 * one of them.
 */
export function connectionBudget(cluster: AuthCluster): ConnectionBudget {
  const { external, parameters, pooler } = cluster.spec.postgres;
  const maxConnections = external?.maxConnections ?? Number(parameters?.max_connections ?? DEFAULT_MAX_CONNECTIONS);
  const instances = pooler.autoscaling?.maxInstances ?? pooler.instances;
  const poolSize = Math.floor((maxConnections - RESERVED_CONNECTIONS) / (2 * instances));
  return { maxConnections, poolSize };
}
