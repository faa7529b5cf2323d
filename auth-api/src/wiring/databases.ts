import type { Logger } from 'pino';
import type { ServeConfig } from '../config.ts';
import type { Metrics } from '../observability/metrics.ts';
import { observeQueries } from '../observability/query-metrics.ts';
import { Database, type DatabaseOptions } from '../storage/postgres/database.ts';
import type { ReadSources } from '../storage/postgres/sparing-primary.ts';
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
/** Of the pool that they read with: one to count for metrics, and one for statistics. */
const scanPoolSize = 2;
/** Beyond the 15 s after which the server ends a statement of ours: it tells so, and the connection stays good. */
const scanTimeoutMs = 16_000;
/** Two of them still leave time for a heartbeat. */
const relayTimes = { connectTimeoutMs: 1_000, queryTimeoutMs: 1_000, refusedPatienceMs: 0 };

export interface Databases {
  readonly primary: Database;
  /** The primary too, with connections of its own. */
  readonly relay: Database;
  readonly replicas: Database | undefined;
  /** For what goes over whole tables, which takes long: with connections of its own, on replicas where there are any. */
  readonly scans: ReadSources;
  close(): Promise<void>;
}

export function openDatabases(
  { postgres }: ServeConfig,
  breakers: CircuitBreakers,
  log: Logger,
  metrics: Metrics,
): Databases {
  const { read, write } = postgres;
  const opened: Database[] = [];
  const open = opener(postgres, log, metrics, (database) => opened.push(database));
  const close = async () => {
    await Promise.all(opened.map((database) => database.close()));
  };
  const toPrimary = { ...write, ...requestTimes, breaker: breakers.primary };
  const relay = open({ ...toPrimary, ...relayTimes, name: 'relay', poolSize: relayPoolSize });
  const scanning = { name: 'scans', poolSize: scanPoolSize, queryTimeoutMs: scanTimeoutMs };
  if (read === undefined) {
    const primary = open({ ...toPrimary, name: 'primary', poolSize: without(relayPoolSize + scanPoolSize, write) });
    const scans = { primary: open({ ...toPrimary, ...scanning }), replicas: undefined };
    return { primary, relay, replicas: undefined, scans, close };
  }
  const primary = open({ ...toPrimary, name: 'primary', poolSize: without(relayPoolSize, write) });
  const toReplicas = { ...read, ...replicaTimes, breaker: breakers.replicas };
  const replicas = open({ ...toReplicas, name: 'replicas', poolSize: without(scanPoolSize, read) });
  const scans = { primary, replicas: open({ ...toReplicas, ...scanning }) };
  return { primary, relay, replicas, scans, close };
}

/** What is left of a pool for requests, at least one. */
function without(taken: number, { poolSize }: { readonly poolSize: number }): number {
  return Math.max(1, poolSize - taken);
}

/**
 * More than come in the 5 s for which poolers may hold writes back: those are to wait. Beyond that, the primary does not
 * keep up, and who waited the longest would have left before their turn.
 */
function longestQueue(poolSize: number): number {
  return Math.max(2_000, 40 * poolSize);
}

type Opened = Pick<DatabaseOptions, 'name' | 'host' | 'port' | 'poolSize' | 'breaker'> & typeof requestTimes;

function opener(
  { database, credentialsDirectory, tlsMode }: ServeConfig['postgres'],
  log: Logger,
  metrics: Metrics,
  onOpened: (database: Database) => void,
): (options: Opened) => Database {
  const answered = observeQueries(metrics.registry);
  return (options) => {
    const pool = new Database({
      ...options,
      longestQueue: longestQueue(options.poolSize),
      database,
      credentialsDirectory,
      tls: tlsOptions(tlsMode, credentialsDirectory),
      onIdleError: (error) => log.warn({ error, database: options.name }, 'a connection at rest was lost'),
      onAnswered: answered(options.name),
    });
    metrics.observePool(options.name, () => pool.snapshot());
    onOpened(pool);
    return pool;
  };
}
