import type { AuthCluster } from '../../api/authcluster.ts';
import type { ExternalTls } from '../../api/generated/authcluster.ts';
import { DATABASE, names, PORTS } from '../names.ts';
import { serviceHost } from '../services.ts';

/** Where PostgreSQL is reached, be it ours or somebody else's. */
export interface PostgresServers {
  hosts: readonly string[];
  port: number;
}

export function primaryServer(cluster: AuthCluster): PostgresServers {
  const { external } = cluster.spec.postgres;
  return external === undefined
    ? { hosts: [serviceHost(cluster, names(cluster).postgresPrimary)], port: PORTS.postgres }
    : { hosts: [external.primary.host], port: external.primary.port };
}

/** Undefined where there are none: reads then go to the primary, within the pool for writes. */
export function replicaServers(cluster: AuthCluster): PostgresServers | undefined {
  const { external, readReplicas } = cluster.spec.postgres;
  if (external !== undefined) return external.replicas;
  if (readReplicas === 0) return undefined;
  return { hosts: [serviceHost(cluster, names(cluster).postgresReplicas)], port: PORTS.postgres };
}

/** The name of the database on the server; behind the poolers it is always {@link DATABASE}. */
export function serverDatabase(cluster: AuthCluster): string {
  return cluster.spec.postgres.external?.database ?? DATABASE;
}

/** As libpq, PgBouncer and the auth API spell the modes. */
export const TLS_MODES = {
  Disable: 'disable',
  Require: 'require',
  VerifyCA: 'verify-ca',
  VerifyFull: 'verify-full',
} as const satisfies Record<ExternalTls['mode'], string>;
