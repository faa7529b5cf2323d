import { BoundedLru } from '../cache/bounded-lru.ts';
import type { AuditEvent } from '../domain/audit.ts';

export type AuditEnd = 'written' | 'dropped' | 'repeated';

export interface AuditBufferOptions {
  /** Writing again what was written before changes nothing. */
  readonly write: (events: readonly AuditEvent[]) => Promise<void>;
  /** The database was asked and refused: it will again. */
  readonly isRefusal: (error: unknown) => boolean;
  readonly maxEvents: number;
  readonly batchSize: number;
  readonly nowMs: () => number;
  readonly onEnd: (end: AuditEnd, events: number) => void;
}

/** Refusals of which a client can have as many as it likes: one a minute tells of all. */
const cheapRefusals = new Set(['too_many_requests', 'forbidden']);
const quietMs = 60_000;
const mostRefused = 10_000;

/**
 * Events that are written soon, many at a time, so that no login waits for it. What the database does not take stays until it
 * does; where there is no more room, events that come are dropped and counted.
 */
export class AuditBuffer {
  readonly #options: AuditBufferOptions;
  readonly #refused = new BoundedLru<true>(mostRefused);
  #waiting: AuditEvent[] = [];

  constructor(options: AuditBufferOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.length;
  }

  note(event: AuditEvent): void {
    const { maxEvents, onEnd } = this.#options;
    if (this.#isRepetition(event)) onEnd('repeated', 1);
    else if (this.#waiting.length >= maxEvents) onEnd('dropped', 1);
    else this.#waiting.push(event);
  }

  /** Until nothing waits. @throws what the writing throws; nothing is lost by that */
  async flush(): Promise<void> {
    const { write, batchSize, isRefusal } = this.#options;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, batchSize);
      try {
        await write(batch);
        this.#done('written', batch.length);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        // One that cannot be stored must not keep the others waiting for ever.
        for (const event of batch) await this.#writeAlone(event);
      }
    }
  }

  /** The last attempt: what cannot be written now is dropped. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      this.#options.onEnd('dropped', this.#waiting.length);
      this.#waiting = [];
    }
  }

  async #writeAlone(event: AuditEvent): Promise<void> {
    const { write, isRefusal } = this.#options;
    try {
      await write([event]);
      this.#done('written', 1);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#done('dropped', 1);
    }
  }

  #done(end: AuditEnd, events: number): void {
    this.#waiting = this.#waiting.slice(events);
    this.#options.onEnd(end, events);
  }

  #isRepetition({ type, error, actorId, actorClient, subjectId, clientAddress, details }: AuditEvent): boolean {
    if (error === undefined) return false;
    // A login under an unknown name has cost a hash, and is limited by that.
    const isAboutNobody = actorId === undefined && subjectId === undefined && error !== 'user_not_found';
    if (!cheapRefusals.has(error) && !isAboutNobody) return false;
    // Guesses at the secrets of many OAuth clients from one address are told client by client.
    const about = actorId ?? actorClient ?? `${clientAddress} ${details.client_id ?? ''}`;
    const key = `${type} ${error} ${about}`;
    const nowMs = this.#options.nowMs();
    if (this.#refused.get(key, nowMs) !== undefined) return true;
    this.#refused.set(key, true, nowMs + quietMs);
    return false;
  }
}
