import type { Environment } from './environment.ts';
import { type TlsMode, tlsModes } from './storage/tls.ts';

export const highestPort = 65_535;
const redisTopologies = ['cluster', 'single'] as const;

export interface PostgresConfig {
  readonly write: { readonly host: string; readonly port: number; readonly poolSize: number };
  /** The same as `write` where there are no replicas. */
  readonly read: { readonly host: string; readonly port: number; readonly poolSize: number } | undefined;
  /** A replica that lacks what the primary had this long ago is not asked. */
  readonly replicaLagLimitSeconds: number;
  readonly database: string;
  readonly credentialsDirectory: string;
  readonly tlsMode: TlsMode;
}

export interface RedisConfig {
  /** Of a cluster, those to ask first; exactly one where the topology is single; none: run without Redis. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly topology: (typeof redisTopologies)[number];
  readonly credentialsDirectory: string;
  readonly tlsMode: TlsMode;
}

export function postgresConfig(env: Environment): PostgresConfig {
  const readHost = env.optional('POSTGRES_READ_HOST');
  const readPort = env.integer('POSTGRES_READ_PORT', { min: 1, max: highestPort, fallback: 5432 });
  const readPoolSize = env.integer('POSTGRES_READ_POOL_SIZE', { min: 1, max: 10_000, fallback: 100 });
  return {
    write: {
      host: env.required('POSTGRES_WRITE_HOST'),
      port: env.integer('POSTGRES_WRITE_PORT', { min: 1, max: highestPort, fallback: 5432 }),
      poolSize: env.integer('POSTGRES_WRITE_POOL_SIZE', { min: 1, max: 10_000, fallback: 50 }),
    },
    read: readHost === undefined ? undefined : { host: readHost, port: readPort, poolSize: readPoolSize },
    replicaLagLimitSeconds: env.integer('POSTGRES_REPLICA_LAG_LIMIT_SECONDS', { min: 1, max: 3600, fallback: 5 }),
    database: env.required('POSTGRES_DATABASE'),
    credentialsDirectory: credentialsDirectory(env),
    tlsMode: env.choice('POSTGRES_TLS_MODE', tlsModes, 'disable'),
  };
}

export function credentialsDirectory(env: Environment): string {
  return env.text('POSTGRES_CREDENTIALS_DIR', '/etc/authcluster/postgres');
}

export function redisConfig(env: Environment): RedisConfig {
  const nodes = env.nodes('REDIS_NODES');
  const topology = env.choice('REDIS_TOPOLOGY', redisTopologies, 'cluster');
  if (topology === 'single' && nodes.length > 1) {
    env.problems.push(`REDIS_NODES must hold one host:port where REDIS_TOPOLOGY is single, not ${nodes.length}`);
  }
  return {
    nodes,
    topology,
    credentialsDirectory: env.text('REDIS_CREDENTIALS_DIR', '/etc/authcluster/redis'),
    tlsMode: env.choice('REDIS_TLS_MODE', tlsModes, 'disable'),
  };
}
