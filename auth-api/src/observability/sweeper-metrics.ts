import { Gauge, type Registry } from 'prom-client';

/**
 * `sweeper_last_success_timestamp_seconds`: 0 from a pod that has not swept, since it is another's turn.
 * @returns notes that a sweep has just succeeded
 */
export function observeSweeper(registry: Registry, nowMs: () => number): () => void {
  const lastSuccess = new Gauge({
    name: 'sweeper_last_success_timestamp_seconds',
    help: 'When this pod last deleted what nobody needs any more, without an error',
    registers: [registry],
  });
  return () => lastSuccess.set(nowMs() / 1000);
}
