import type { Logger } from 'pino';
import type { ServeConfig } from '../config.ts';
import type { Metrics } from '../observability/metrics.ts';
import { CircuitBreaker } from '../resilience/circuit-breaker.ts';
import { isDatabaseAnswer } from '../storage/postgres/database-errors.ts';
import { isRedisAnswer } from '../storage/redis/client.ts';

export interface CircuitBreakers {
  readonly primary: CircuitBreaker;
  readonly replicas: CircuitBreaker;
  readonly redis: CircuitBreaker;
}

/** One for each dependency. */
export function createCircuitBreakers(config: ServeConfig, log: Logger, metrics: Metrics): CircuitBreakers {
  const create = (name: keyof CircuitBreakers, isIgnored: (error: unknown) => boolean) => {
    const breaker = new CircuitBreaker({
      ...config.circuitBreaker,
      name,
      isIgnored,
      nowMs: () => performance.timeOrigin + performance.now(),
      onStateChange: (change) => log.warn({ ...change, dependency: name }, 'a circuit breaker changed its state'),
    });
    metrics.observeBreaker(() => breaker.snapshot());
    return breaker;
  };
  return {
    primary: create('primary', isDatabaseAnswer),
    replicas: create('replicas', isDatabaseAnswer),
    redis: create('redis', isRedisAnswer),
  };
}
