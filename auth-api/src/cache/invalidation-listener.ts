import type { CacheType } from './cache-types.ts';
import type { Freshness } from './freshness.ts';
import {
  type BatchPosition,
  type CommittedEvent,
  decodeMessage,
  type EventBatch,
  type Heartbeat,
  type InvalidationEvent,
  roleChange,
  type Vouched,
} from './invalidation-events.ts';
import type { InvalidationSource, PrimaryPoint } from './invalidation-source.ts';
import { Lateness } from './lateness.ts';

/** What holds entries of a type in this pod: a local cache, or the loads under way of a shared one. */
export interface InvalidatedCache {
  readonly type: CacheType;
  invalidate(id: string): void;
  clear(): void;
}

export interface InvalidationListenerOptions {
  readonly freshness: Freshness;
  readonly caches: readonly InvalidatedCache[];
  readonly source: Pick<InvalidationSource, 'standing'>;
  /** Milliseconds of a clock that never jumps. */
  readonly nowMs: () => number;
  /** Without a heartbeat for this long the pod stops trusting its caches. Default 3000. */
  readonly heartbeatLimitMs?: number;
  /** An event came that was not known; those that are delivered again are left out. */
  readonly onApplied?: (event: CommittedEvent) => void;
  /** Messages were missed: caches are bypassed until the pod has caught up. */
  readonly onGap?: () => void;
  readonly onCatchUpError?: (error: unknown) => void;
}

/**
 * Applies the invalidations that a pod hears of, and decides whether it hears all of them. Trust begins once the pod has
 * read where the outbox ends and a sender has vouched for all up to there: what it hears may be old, what it has read
 * is not. It lasts until heartbeats stay away or a batch shows that one before it was missed.
 */
export class InvalidationListener {
  readonly #options: InvalidationListenerOptions;
  readonly #caches: ReadonlyMap<CacheType, InvalidatedCache>;
  readonly #lateness = new Lateness();
  /** Everything up to here has been delivered to the shared tier. */
  #seenSequence = 0;
  /** What the last heartbeat that counted said; batches may have come since. */
  #vouched: Vouched | undefined;
  #vouchedAtMs = Number.NEGATIVE_INFINITY;
  /** Where the outbox ended when this pod last read it, while it waits for that to be vouched for. */
  #awaitedSequence: number | undefined;
  /** Counts gaps, so that a catch-up that one of them overtakes is given up. */
  #gaps = 0;
  #isReading = false;

  constructor(options: InvalidationListenerOptions) {
    this.#options = options;
    this.#caches = new Map(options.caches.map((cache) => [cache.type, cache]));
  }

  /** A message from the channel. Never throws. */
  receive(text: string): void {
    const message = decodeMessage(text);
    if (message === undefined) this.lose();
    else if (message.kind === 'events') this.#receiveEvents(message);
    else this.#receiveHeartbeat(message);
  }

  /** At once, for what this pod has committed itself, while its place in the log is not known yet. */
  applyOwn(event: InvalidationEvent): void {
    this.#invalidate(event);
  }

  /** What this pod has committed itself; the outbox will bring it again. */
  applyCommitted(event: CommittedEvent, point: PrimaryPoint): void {
    this.#apply([event], point);
  }

  /**
   * What a relay that begins on this pod may vouch for before it has read the outbox itself: what the pod trusts.
   * Undefined without trust, and while more is being delivered.
   */
  vouched(): Vouched | undefined {
    const isWhole = this.#options.freshness.isTrusted() && this.#vouched?.sequence === this.#seenSequence;
    return isWhole ? this.#vouched : undefined;
  }

  /** Whether this pod trusts what it has heard, but no relay was heard for a third of the time that trust lasts. */
  isForsaken(): boolean {
    const { nowMs, heartbeatLimitMs = 3000 } = this.#options;
    return this.vouched() !== undefined && nowMs() - this.#vouchedAtMs > heartbeatLimitMs / 3;
  }

  /** Messages may have been missed. */
  lose(): void {
    this.#gaps += 1;
    this.#awaitedSequence = undefined;
    this.#options.freshness.distrust();
    // Whoever asks from now on joins no load that began in trust.
    this.#clear();
    this.#options.onGap?.();
  }

  #receiveEvents(batch: EventBatch): void {
    for (const event of this.#apply(batch.events, batch)) this.#options.onApplied?.(event);
    if (batch.position !== undefined) this.#advance(batch.position);
  }

  /** Returns those that were not known. */
  #apply(events: readonly CommittedEvent[], { versions, lsn }: PrimaryPoint): CommittedEvent[] {
    const { freshness } = this.#options;
    const news = events.filter((event) => {
      // First what a refill must have replayed: whoever misses from here on starts a load of its own.
      const isNews = freshness.note(event);
      this.#invalidate(event);
      return isNews;
    });
    const raised = roleChange(freshness.newVersions(versions));
    freshness.note({ ...raised, lsn, committedAtMs: 0 });
    this.#invalidate(raised);
    return news;
  }

  #advance({ from, to }: BatchPosition): void {
    if (from > this.#seenSequence) this.lose();
    this.#seenSequence = Math.max(this.#seenSequence, to);
  }

  #receiveHeartbeat({ sequence, lsn, settledLsn, isRead, sender, sentAtMs }: Heartbeat): void {
    const { freshness, nowMs, heartbeatLimitMs = 3000 } = this.#options;
    this.#advance({ from: sequence, to: sequence });
    // One that knows less than this pod comes from a sender that is being relieved: it vouches for nothing.
    if (sequence < this.#seenSequence) {
      // Unless a failover has lost what this pod knows of: then there is nobody who knows more.
      if (isRead && !freshness.isTrusted()) void this.#readOutboxEnd({ isAwaited: false });
      return;
    }
    this.#vouched = { sequence, lsn };
    if (!freshness.isTrusted()) this.#lateness.forget();
    const heardMs = nowMs();
    this.#vouchedAtMs = heardMs;
    const trustedUntilMs = heardMs + heartbeatLimitMs - this.#lateness.measureMs(sender, sentAtMs, heardMs);
    freshness.notePosition(lsn);
    freshness.hear(settledLsn);
    if (!freshness.isTrusted()) void this.#catchUp(trustedUntilMs);
    else {
      freshness.trustUntil(trustedUntilMs);
      // Where this pod can read what the sender cannot, it does not take its word.
      if (!isRead) void this.#readOutboxEnd();
    }
  }

  async #catchUp(trustedUntilMs: number): Promise<void> {
    if (this.#awaitedSequence === undefined) await this.#readOutboxEnd();
    if (this.#awaitedSequence === undefined || this.#seenSequence < this.#awaitedSequence) return;
    this.#awaitedSequence = undefined;
    this.#clear();
    this.#options.freshness.trustUntil(trustedUntilMs);
  }

  async #readOutboxEnd({ isAwaited } = { isAwaited: true }): Promise<void> {
    if (this.#isReading) return;
    const { freshness, source, onCatchUpError } = this.#options;
    const [gaps, seenSequence] = [this.#gaps, this.#seenSequence];
    this.#isReading = true;
    try {
      const { versions, lsn, lastSequence } = await source.standing();
      freshness.raiseVersions(versions);
      freshness.raiseFloor(lsn);
      if (gaps !== this.#gaps) return;
      if (lastSequence < seenSequence) {
        // A failover has lost what had been heard of, and its places are given anew: it stands for nothing any more.
        this.lose();
        this.#seenSequence = lastSequence;
      } else if (freshness.isTrusted()) {
        if (lastSequence > this.#seenSequence) this.lose();
      } else if (isAwaited) this.#awaitedSequence = lastSequence;
    } catch (error) {
      onCatchUpError?.(error);
    } finally {
      this.#isReading = false;
    }
  }

  #clear(): void {
    for (const cache of this.#caches.values()) cache.clear();
  }

  #invalidate(event: InvalidationEvent): void {
    for (const target of event.targets) {
      const cache = this.#caches.get(target.type);
      if ('version' in target) cache?.clear();
      else cache?.invalidate(target.id);
    }
  }
}
