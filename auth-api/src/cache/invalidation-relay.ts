import type { InvalidationDelivery } from './invalidation-delivery.ts';
import type { Vouched } from './invalidation-events.ts';
import type { InvalidationSource, OutboxPage, SequencedEvent } from './invalidation-source.ts';
import type { Lsn } from './lsn.ts';

export interface InvalidationRelayOptions {
  readonly source: InvalidationSource;
  readonly delivery: InvalidationDelivery;
  /** What its predecessor has vouched for, as far as this pod trusts it. */
  readonly vouched?: Vouched | undefined;
  /** Tells the clock of this process from others'. */
  readonly sender: string;
  /** Milliseconds of a clock that never jumps. */
  readonly nowMs: () => number;
  /**
   * Every event is delivered a second time after this long: a Redis replica that is promoted may not have received the
   * first. Longer than a failover of Redis takes. Default 15000.
   */
  readonly repeatAfterMs?: number;
  /** Events read at once. Default 500. */
  readonly pageSize?: number;
}

export type RelayTick =
  /** There may be more behind them, as after an outage of Redis: tick at once. */
  | { readonly kind: 'delivered'; readonly events: number; readonly isMore: boolean }
  /**
   * The outbox cannot be read. If it had been read to its end, by this relay or by the one before it, a heartbeat was
   * sent all the same, since nothing commits while the primary is down; otherwise a failure of PostgreSQL would take the
   * caches with it. It says so, for pods that can read it themselves.
   */
  | { readonly kind: 'sourceUnreachable'; readonly error: unknown };

interface Delivered {
  readonly upTo: number;
  readonly atMs: number;
  readonly events: readonly SequencedEvent[];
}

/**
 * Carries the outbox to the caches, at least once. One pod at a time runs it; two at once do no harm, and a new one
 * repeats what its predecessor had not delivered for good. Call `tick` about twice a second.
 */
export class InvalidationRelay {
  readonly #options: InvalidationRelayOptions;
  #position: Vouched | undefined;
  /** All that committed before has been delivered. */
  #settledLsn: Lsn = 0n;
  #delivered: readonly Delivered[] = [];
  /** Defined while the last reading, by this relay or its predecessor, found the end and all of it was delivered. */
  #vouched: Vouched | undefined;

  constructor(options: InvalidationRelayOptions) {
    this.#options = options;
    this.#vouched = options.vouched;
  }

  /**
   * Delivers what is new, sends a heartbeat, then delivers what is due a second time.
   * @throws what the delivery throws; the next tick delivers it again
   */
  async tick(): Promise<RelayTick> {
    const page = await this.#read();
    if ('error' in page) {
      await this.#heartbeat(false);
      return { kind: 'sourceUnreachable', error: page.error };
    }
    // Of the reading before: this page sees what was visible by then.
    const lsnBefore = this.#position?.lsn ?? 0n;
    if (page.events.length > 0) await this.#deliverNew(page);
    this.#position = { sequence: this.#position?.sequence ?? 0, lsn: page.lsn };
    // A full page may have more behind it, and a heartbeat vouches for everything.
    const isEnd = page.events.length < (this.#options.pageSize ?? 500);
    this.#vouched = isEnd ? this.#position : undefined;
    if (isEnd && page.isSettled) this.#settledLsn = lsnBefore;
    await this.#heartbeat(true);
    // A primary that goes silent now would hold the heartbeat back, and cost every pod its caches.
    await this.#repeatDue(page);
    return { kind: 'delivered', events: page.events.length, isMore: !isEnd };
  }

  async #read(): Promise<OutboxPage | { error: unknown }> {
    try {
      const page = await this.#readOn();
      if (page.isContinued) return page;
      this.#beginAnew();
      return await this.#readOn();
    } catch (error) {
      return { error };
    }
  }

  async #readOn(): Promise<OutboxPage> {
    const { source, pageSize = 500 } = this.#options;
    this.#position ??= { sequence: await source.forgottenUpTo(), lsn: 0n };
    return source.eventsAfter(this.#position.sequence, pageSize);
  }

  /** What was delivered is not what the outbox has: it may be forgotten by none of these places. */
  #beginAnew(): void {
    this.#position = undefined;
    this.#vouched = undefined;
    this.#settledLsn = 0n;
    this.#delivered = [];
  }

  async #deliverNew(page: OutboxPage): Promise<void> {
    const { events, lsn } = page;
    const from = this.#position?.sequence ?? 0;
    const to = events.at(-1)?.sequence ?? from;
    this.#vouched = undefined;
    await this.#options.delivery.deliver(
      events.map(({ event }) => event),
      page,
      { from, to },
    );
    this.#position = { sequence: to, lsn };
    this.#delivered = [...this.#delivered, { upTo: to, atMs: this.#options.nowMs(), events }];
  }

  async #repeatDue(page: OutboxPage): Promise<void> {
    const { source, delivery, nowMs, repeatAfterMs = 15_000 } = this.#options;
    const due = this.#delivered.filter(({ atMs }) => nowMs() - atMs >= repeatAfterMs);
    const last = due.at(-1);
    if (last === undefined) return;
    const events = due.flatMap((batch) => batch.events.map(({ event }) => event));
    await delivery.deliver(events, page);
    await source.forgetUpTo(last.upTo);
    this.#delivered = this.#delivered.slice(due.length);
  }

  async #heartbeat(isRead: boolean): Promise<void> {
    if (this.#vouched === undefined) return;
    const { delivery, sender, nowMs } = this.#options;
    await delivery.heartbeat({ ...this.#vouched, settledLsn: this.#settledLsn, isRead, sender, sentAtMs: nowMs() });
  }
}
