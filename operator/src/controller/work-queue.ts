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

/**
 * Keys that need work. A key waits at most once however often it is added, is handed to one worker at a time, and
 * when it is added while being worked on it comes again afterwards.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** Keys ready to be taken, oldest first, with the time they became ready. */
  readonly #ready = new Map<string, number>();
  readonly #working = new Map<string, number>();
  readonly #againAfterWork = new Set<string>();
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
    return this.#ready.size;
  }

  /** Seconds of work begun and not finished: all of it, and the longest. */
  unfinished(): { totalSeconds: number; longestSeconds: number } {
    const nowMs = this.#options.clock.now();
    const seconds = [...this.#working.values()].map((startedMs) => (nowMs - startedMs) / 1000);
    return { totalSeconds: seconds.reduce((sum, each) => sum + each, 0), longestSeconds: Math.max(0, ...seconds) };
  }

  add(key: string): void {
    if (this.#closed || this.#ready.has(key)) return;
    if (this.#working.has(key)) {
      if (!this.#againAfterWork.has(key)) this.#options.observer?.added();
      this.#againAfterWork.add(key);
      return;
    }
    this.#options.observer?.added();
    this.#makeReady(key);
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
    const next = this.#ready.entries().next().value;
    if (next !== undefined) return Promise.resolve(this.#start(next[0], next[1]));
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  done(key: string): void {
    const startedMs = this.#working.get(key);
    if (startedMs === undefined) throw new Error(`key ${key} was not being worked on`);
    this.#working.delete(key);
    this.#options.observer?.finished((this.#options.clock.now() - startedMs) / 1000);
    if (this.#againAfterWork.delete(key) && !this.#closed) this.#makeReady(key);
  }

  /** No more keys are handed out; work in progress ends by itself. */
  close(): void {
    this.#closed = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#ready.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #makeReady(key: string): void {
    const nowMs = this.#options.clock.now();
    const taker = this.#takers.shift();
    if (taker !== undefined) taker(this.#start(key, nowMs));
    else {
      this.#ready.set(key, nowMs);
      this.#options.observer?.depth(this.#ready.size);
    }
  }

  #start(key: string, readySinceMs: number): string {
    const nowMs = this.#options.clock.now();
    this.#ready.delete(key);
    this.#working.set(key, nowMs);
    this.#options.observer?.depth(this.#ready.size);
    this.#options.observer?.started((nowMs - readySinceMs) / 1000);
    return key;
  }
}
