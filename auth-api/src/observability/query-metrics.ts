import { Histogram, type Registry } from 'prom-client';

/** Takes the seconds from sending a statement to its answer. */
export type QueryObserver = (seconds: number) => void;

/** `postgres_query_duration_seconds{pool}`. The wait for a connection is not in it. */
export function observeQueries(registry: Registry): (pool: string) => QueryObserver {
  const durations = new Histogram({
    name: 'postgres_query_duration_seconds',
    help: 'From sending a statement to its answer',
    labelNames: ['pool'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers: [registry],
  });
  return (pool) => {
    durations.zero({ pool });
    const labelled = durations.labels({ pool });
    return (seconds) => labelled.observe(seconds);
  };
}
