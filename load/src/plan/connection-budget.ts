/**
 * The rules by which the AuthCluster resource checks that connections add up (crds/authclusters.yaml), so that what is
 * planned is accepted: connection-budget.test.ts reads them there.
 */
export interface ConnectionBudget {
  readonly maxReplicas: number;
  readonly writePool: number;
  readonly readPool: number;
  readonly readReplicas: number;
  readonly poolerInstances: number;
  readonly maxClientConnections: number;
  readonly maxConnections: number;
}

/** Connections of max_connections that poolers leave alone: superusers, replication, migrations, the operator. */
const RESERVED_CONNECTIONS = 20;
/** While a credential is rotated, each pooler has a pool for the old user and one for the new. */
const USERS_OF_A_ROTATION = 2;
/** Two versions run side by side during a rollout. */
const VERSIONS_OF_A_ROLLOUT = 2;
const FEWEST_SERVER_CONNECTIONS = 5;

/** The fields that a budget breaks a rule with; none where it adds up. */
export function overdrawnFields(budget: ConnectionBudget): string[] {
  const { maxReplicas, writePool, readPool, readReplicas, poolerInstances, maxClientConnections } = budget;
  // With several poolers this leaves room for the loss of one as well.
  const exceeds = (pool: number): boolean =>
    VERSIONS_OF_A_ROLLOUT * maxReplicas * pool > poolerInstances * maxClientConnections;
  const fields: string[] = [];
  if (exceeds(writePool)) fields.push('api.pools.write');
  if (readReplicas > 0 && exceeds(readPool)) fields.push('api.pools.read');
  if (serverConnectionsPerPooler(budget) < FEWEST_SERVER_CONNECTIONS)
    fields.push('postgres.parameters.max_connections');
  return fields;
}

/** Connections to PostgreSQL that one pooler opens at the most, as the operator divides max_connections. */
export function serverConnectionsPerPooler({
  maxConnections,
  poolerInstances,
}: Pick<ConnectionBudget, 'maxConnections' | 'poolerInstances'>): number {
  return Math.floor((maxConnections - RESERVED_CONNECTIONS) / (USERS_OF_A_ROTATION * poolerInstances));
}

/** The max_connections that lets each pooler open so many. */
export function maxConnectionsFor(perPooler: number, poolerInstances: number): number {
  return RESERVED_CONNECTIONS + USERS_OF_A_ROTATION * poolerInstances * Math.max(FEWEST_SERVER_CONNECTIONS, perPooler);
}

/** The fewest client connections per pooler that satisfy the rule. */
export function clientConnectionsFor(maxReplicas: number, largestPool: number, poolerInstances: number): number {
  return Math.ceil((VERSIONS_OF_A_ROLLOUT * maxReplicas * largestPool) / poolerInstances);
}
