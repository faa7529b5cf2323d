import { Histogram, type Registry } from 'prom-client';
import type { HashingJobTimes } from '../security/hashing/hashing-pool.ts';

/** How long password hashing takes, and the waiting for it. */
export class HashingMetrics {
  readonly #seconds: Histogram<'kind' | 'phase' | 'trace_id'>;
  readonly #hasExemplars: boolean;

  /** @param hasExemplars whether the registry is one of OpenMetrics, which alone takes them */
  constructor(registry: Registry, hasExemplars: boolean) {
    this.#hasExemplars = hasExemplars;
    this.#seconds = new Histogram({
      name: 'password_hashing_seconds',
      help: 'Waiting for a hashing thread, and hashing',
      labelNames: ['kind', 'phase'],
      buckets: [0.001, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
      enableExemplars: hasExemplars,
      registers: [registry],
    });
  }

  done({ kind, waitMs, runMs, traceId }: HashingJobTimes): void {
    this.#observe({ kind, phase: 'wait' }, waitMs / 1000, traceId);
    this.#observe({ kind, phase: 'run' }, runMs / 1000, traceId);
  }

  /** prom-client takes an object where it was told of exemplars, and else two values. */
  #observe(labels: { kind: string; phase: string }, value: number, traceId: string | undefined): void {
    if (!this.#hasExemplars) this.#seconds.observe(labels, value);
    else this.#seconds.observe({ labels, value, exemplarLabels: traceId === undefined ? {} : { trace_id: traceId } });
  }
}
