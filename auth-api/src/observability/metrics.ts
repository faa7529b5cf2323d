import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry, type RegistryContentType } from 'prom-client';
import { type CacheType, cacheTypes } from '../cache/cache-types.ts';
import type { InvalidationKind } from '../cache/invalidation-events.ts';
import type { CacheResult } from '../cache/local-cache.ts';
import type { RefusalReason } from '../domain/login.ts';
import type { OverloadCause } from '../domain/ports/overload.ts';
import type { CircuitBreakerSnapshot } from '../resilience/circuit-breaker-options.ts';
import type { HashingJobTimes } from '../security/hashing/hashing-pool.ts';
import type { PoolSnapshot } from '../storage/postgres/database.ts';
import { type ReadSource, readSources } from '../storage/postgres/split-reads.ts';
import { observeBreakers } from './breaker-metrics.ts';
import { HashingMetrics } from './hashing-metrics.ts';
import { type AnswerCounter, OperationStatistics } from './operation-statistics.ts';

export type AuthenticationError =
  | RefusalReason
  | 'none'
  | 'second_factor_needed'
  | 'password_change_needed'
  | 'wrong_code'
  /** The token for its second half stands for no login that waits. */
  | 'invalid_challenge'
  | 'limited'
  | OverloadCause
  /** It could not be known whether to let in. */
  | 'unavailable'
  | 'abandoned';

/** What routes report. */
export interface AuthenticationMetrics {
  authenticated(error: AuthenticationError): void;
}

export interface HashingSnapshot {
  readonly workers: number;
  readonly busy: number;
  readonly queued: number;
  readonly overloaded: number;
  readonly threadDeaths: number;
}

const authenticationErrors: readonly AuthenticationError[] = [
  'none',
  'invalid_password',
  'user_not_found',
  'account_locked',
  'account_disabled',
  'credentials_changed',
  'second_factor_needed',
  'password_change_needed',
  'wrong_code',
  'invalid_challenge',
  'limited',
  'overloaded',
  'connections_short',
  'event_loop_late',
  'unavailable',
  'abandoned',
];

const cacheResults: readonly CacheResult[] = ['hit', 'miss', 'bypass', 'error'];

/** The process's metrics. No label comes from what a client sends. */
export class Metrics implements AuthenticationMetrics {
  readonly registry = new Registry();
  readonly #authentications: Counter<'status' | 'error_type'>;
  readonly #operations: OperationStatistics;
  readonly #hashing: HashingMetrics;
  readonly #reads: Counter<'source'>;
  readonly #invalidations: Histogram<'kind'>;
  readonly #limitFallbacks: Counter;
  readonly #lookups = new Map(cacheTypes.map((type) => [type, { hit: 0, miss: 0, bypass: 0, error: 0 }]));
  readonly #breakers: (() => CircuitBreakerSnapshot)[] = [];

  /** @param format OpenMetrics is what has exemplars; everything reads the other one */
  constructor({ format = 'prometheus' }: { readonly format?: 'prometheus' | 'openmetrics' } = {}) {
    // Its types say by a parameter which format it has, and each metric wants the usual one.
    const registry: Registry<RegistryContentType> = this.registry as Registry<never>;
    if (format === 'openmetrics') registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#authentications = new Counter({
      name: 'auth_requests_total',
      help: 'Logins by how they ended',
      labelNames: ['status', 'error_type'],
      registers,
    });
    for (const error of authenticationErrors) this.#authentications.inc(authenticationLabels(error), 0);
    this.#operations = new OperationStatistics(this.registry);
    this.#hashing = new HashingMetrics(this.registry, format === 'openmetrics');
    this.#invalidations = new Histogram({
      name: 'cache_invalidation_delay_seconds',
      help: 'From the commit of a change until this pod has dropped what it remembered',
      labelNames: ['kind'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    });
    this.#reads = new Counter({
      name: 'split_reads_total',
      help: 'Reads that a replica may answer, by who did and, for the primary, why',
      labelNames: ['source'],
      registers,
    });
    for (const source of readSources) this.#reads.inc({ source }, 0);
    this.#countLookups();
    observeBreakers(this.registry, this.#breakers);
    this.#limitFallbacks = new Counter({
      name: 'rate_limit_fallbacks_total',
      help: 'Limits decided by this pod alone, since Redis did not answer',
      registers,
    });
  }

  authenticated(error: AuthenticationError): void {
    this.#authentications.inc(authenticationLabels(error));
  }

  /** For requests and answers of one operation; keep it where they are many. */
  answers(operation: string): AnswerCounter {
    return this.#operations.counter(operation);
  }

  lookedUp(type: CacheType, result: CacheResult): void {
    const counts = this.#lookups.get(type);
    if (counts !== undefined) counts[result] += 1;
  }

  /** How often this process has looked up what, so far. */
  lookups(type: CacheType): Readonly<Record<CacheResult, number>> {
    return { hit: 0, miss: 0, bypass: 0, error: 0, ...this.#lookups.get(type) };
  }

  hashed(times: HashingJobTimes): void {
    this.#hashing.done(times);
  }

  /** @param delaySeconds from the commit of the change, by the clock of another machine */
  invalidated(kind: InvalidationKind, delaySeconds: number): void {
    this.#invalidations.observe({ kind }, Math.max(0, delaySeconds));
  }

  readFrom(source: ReadSource): void {
    this.#reads.inc({ source });
  }

  limitedByPod(): void {
    this.#limitFallbacks.inc();
  }

  observePool(pool: string, snapshot: () => PoolSnapshot): void {
    this.#gauges(`postgres_pool_${pool}`, `Connections to the ${pool} pooler`, ['total', 'idle', 'waiting'], snapshot);
  }

  observeHashing(snapshot: () => HashingSnapshot): void {
    const names = ['workers', 'busy', 'queued', 'overloaded', 'threadDeaths'] as const;
    this.#gauges('password_hashing', 'Threads and queue of password hashing', names, snapshot);
  }

  observeBreaker(snapshot: () => CircuitBreakerSnapshot): void {
    this.#breakers.push(snapshot);
  }

  #countLookups(): void {
    const lookups = this.#lookups;
    new Counter({
      name: 'cache_operations_total',
      help: 'Lookups in the caches, by what they found',
      labelNames: ['operation', 'result'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [type, counts] of lookups) {
          for (const result of cacheResults) this.inc({ operation: `get_${type}`, result }, counts[result]);
        }
      },
    });
  }

  #gauges<Name extends string>(
    name: string,
    help: string,
    states: readonly Name[],
    snapshot: () => Readonly<Record<Name, number>>,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: ['state'],
      registers: [this.registry],
      collect() {
        const values = snapshot();
        for (const state of states) this.set({ state }, values[state]);
      },
    });
  }
}

function authenticationLabels(error: AuthenticationError): { status: string; error_type: AuthenticationError } {
  return { status: error === 'none' ? 'success' : 'failure', error_type: error };
}
