import type { Clock } from './clock.ts';
import { TokenBucket } from './token-bucket.ts';

/** What the queue tells about itself, in the terms of controller-runtime's workqueue metrics. */
export interface WorkQueueObserver {
  added(): void;
  retried(): void;
  depth(keys: number): void;
  started(queuedForSeconds: number): void;
  finished(workedForSeconds: number): void;
}

export interface WorkQueueOptions {
  clock: Clock;
  random: () => number;
  /** Default 5 ms. */
  firstBackoffMs?: number;
  /** Default 1000 s. */
  longestBackoffMs?: number;
  /** Retries of all keys together. Default 10. */
  retriesPerSecond?: number;
  /** How many of them may come at once. Default 100. */
  retryBurst?: number;
  observer?: WorkQueueObserver;
}

/** `first` is for what somebody has asked for and waits for, `usual` for a look at what may have happened meanwhile. */
export type Urgency = 'first' | 'usual';

/**
 * Keys that need work. A key waits at most once however often it is added, is handed to one worker at a time, and
 * when it is added while being worked on it comes again afterwards.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** Keys ready to be taken, oldest first, with the time they became ready. */
  readonly #ready: Readonly<Record<Urgency, Map<string, number>>> = { first: new Map(), usual: new Map() };
  readonly #working = new Map<string, number>();
  readonly #againAfterWork = new Map<string, Urgency>();
  readonly #delayed = new Map<string, { dueMs: number; cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  readonly #retries: TokenBucket;
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    const { clock, retriesPerSecond = 10, retryBurst = 100 } = options;
    this.#retries = new TokenBucket({ ratePerSecond: retriesPerSecond, burst: retryBurst, now: () => clock.now() });
  }

  get depth(): number {
    return this.#ready.first.size + this.#ready.usual.size;
  }

  /** Seconds of work begun and not finished: all of it, and the longest. */
  unfinished(): { totalSeconds: number; longestSeconds: number } {
    const nowMs = this.#options.clock.now();
    const seconds = [...this.#working.values()].map((startedMs) => (nowMs - startedMs) / 1000);
    return { totalSeconds: seconds.reduce((sum, each) => sum + each, 0), longestSeconds: Math.max(0, ...seconds) };
  }

  /** A key that waits already waits on in its place, unless it has become more urgent. */
  add(key: string, urgency: Urgency = 'usual'): void {
    if (this.#closed || this.#ready.first.has(key)) return;
    const waits = this.#ready.usual.has(key) || this.#againAfterWork.has(key);
    if (waits && urgency === 'usual') return;
    if (!waits) this.#options.observer?.added();
    if (this.#working.has(key)) this.#againAfterWork.set(key, urgency);
    else this.#makeReady(key, urgency);
  }

  /** Adds the key later. Of several delays the earliest counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#closed) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const dueMs = this.#options.clock.now() + delayMs;
    const planned = this.#delayed.get(key);
    if (planned !== undefined && planned.dueMs <= dueMs) return;
    planned?.cancel();
    const cancel = this.#options.clock.after(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { dueMs, cancel });
  }

  /**
   * Adds the key after its backoff, which doubles each time until `forget`; later where many keys fail at once, as they
   * do while the API server is away. Returns the delay.
   */
  retry(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const { firstBackoffMs = 5, longestBackoffMs = 1_000_000 } = this.#options;
    // The exponent is bounded because 2 ** 1024 is Infinity and Infinity * 0 is NaN.
    const ceilingMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(failures, 40));
    const delayMs = Math.max(ceilingMs * (0.75 + this.#options.random() / 4), this.#retries.reserve());
    this.#options.observer?.retried();
    this.addAfter(key, delayMs);
    return delayMs;
  }

  /** Resets the key's backoff. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, which the caller must give back with `done`; undefined once the queue is closed. */
  take(): Promise<string | undefined> {
    const { first, usual } = this.#ready;
    const next = (first.size > 0 ? first : usual).entries().next().value;
    if (next !== undefined) return Promise.resolve(this.#start(...next));
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  done(key: string): void {
    const startedMs = this.#working.get(key);
    if (startedMs === undefined) throw new Error(`key ${key} was not being worked on`);
    this.#working.delete(key);
    this.#options.observer?.finished((this.#options.clock.now() - startedMs) / 1000);
    const again = this.#againAfterWork.get(key);
    this.#againAfterWork.delete(key);
    if (again !== undefined && !this.#closed) this.#makeReady(key, again);
  }

  /** No more keys are handed out; work in progress ends by itself. */
  close(): void {
    this.#closed = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    for (const keys of Object.values(this.#ready)) keys.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #makeReady(key: string, urgency: Urgency): void {
    const readySinceMs = this.#ready.usual.get(key) ?? this.#options.clock.now();
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      taker(this.#start(key, readySinceMs));
      return;
    }
    this.#ready.usual.delete(key);
    this.#ready[urgency].set(key, readySinceMs);
    this.#options.observer?.depth(this.depth);
  }

  #start(key: string, readySinceMs: number): string {
    const nowMs = this.#options.clock.now();
    for (const keys of Object.values(this.#ready)) keys.delete(key);
    this.#working.set(key, nowMs);
    this.#options.observer?.depth(this.depth);
    this.#options.observer?.started((nowMs - readySinceMs) / 1000);
    return key;
  }
}
