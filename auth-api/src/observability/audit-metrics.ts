import { Counter, Gauge, type Registry } from 'prom-client';
import type { AuditEnd } from '../audit/audit-buffer.ts';

const ends: readonly AuditEnd[] = ['written', 'dropped', 'repeated'];

/** What became of events that are written in batches. Those written with what they tell of are as sure as that. */
export class AuditMetrics {
  readonly #events: Counter<'outcome'>;

  constructor(registry: Registry, waiting: () => number) {
    const registers = [registry];
    this.#events = new Counter({
      name: 'audit_events_total',
      help: 'Events for the audit log that were written in batches, dropped, or told by one of the same minute',
      labelNames: ['outcome'],
      registers,
    });
    for (const outcome of ends) this.#events.inc({ outcome }, 0);
    new Gauge({
      name: 'audit_events_waiting',
      help: 'Events that are still to be written to the audit log',
      registers,
      collect() {
        this.set(waiting());
      },
    });
  }

  ended(outcome: AuditEnd, events: number): void {
    this.#events.inc({ outcome }, events);
  }
}
