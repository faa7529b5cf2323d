import type { Logger } from 'pino';
import type { ServeConfig } from '../config.ts';
import type { Metrics } from '../observability/metrics.ts';
import { observeQueries } from '../observability/query-metrics.ts';
import { Database, type DatabaseOptions } from '../storage/postgres/database.ts';
import { tlsOptions } from '../storage/tls.ts';
import type { CircuitBreakers } from './circuit-breakers.ts';

/** Of the write pool, for what must not wait behind requests: the relay of invalidations. */
const relayPoolSize = 2;
/**
 * Above the 5 s for which poolers may hold writes back while the primary moves: they wait, and do not fail. The first
 * is for a free connection of the pool, too, which others may have while they wait.
 */
const requestTimes = {
  connectTimeoutMs: 7_000,
  queryTimeoutMs: 10_000,
  // PgBouncer tries to log in to a server once a second.
  refusedPatienceMs: 3_000,
};
/** Where the primary can answer as well. */
const replicaTimes = { connectTimeoutMs: 1_000, queryTimeoutMs: 1_000, refusedPatienceMs: 0 };
/** Two of them still leave time for a heartbeat. */
const relayTimes = { connectTimeoutMs: 1_000, queryTimeoutMs: 1_000, refusedPatienceMs: 0 };

export interface Databases {
  readonly primary: Database;
  /** The primary too, with connections of its own. */
  readonly relay: Database;
  readonly replicas: Database | undefined;
  close(): Promise<void>;
}

export function openDatabases(
  { postgres }: ServeConfig,
  breakers: CircuitBreakers,
  log: Logger,
  metrics: Metrics,
): Databases {
  const answered = observeQueries(metrics.registry);
  const open = (
    options: Pick<DatabaseOptions, 'name' | 'host' | 'port' | 'poolSize' | 'breaker'> & typeof requestTimes,
  ) => {
    const database = new Database({
      ...options,
      database: postgres.database,
      credentialsDirectory: postgres.credentialsDirectory,
      tls: tlsOptions(postgres.tlsMode, postgres.credentialsDirectory),
      onIdleError: (error) => log.warn({ error, database: options.name }, 'a connection at rest was lost'),
      onAnswered: answered(options.name),
    });
    metrics.observePool(options.name, () => database.snapshot());
    return database;
  };
  const { read, write } = postgres;
  const poolSize = Math.max(1, write.poolSize - relayPoolSize);
  const breaker = breakers.primary;
  const primary = open({ ...write, ...requestTimes, name: 'primary', poolSize, breaker });
  const relay = open({ ...write, ...relayTimes, name: 'relay', poolSize: relayPoolSize, breaker });
  const replicas =
    read === undefined ? undefined : open({ ...read, ...replicaTimes, name: 'replicas', breaker: breakers.replicas });
  const close = async () => {
    await Promise.all([primary, relay, replicas].map((database) => database?.close()));
  };
  return { primary, relay, replicas, close };
}
