import type { Clock } from '../../src/controller/clock.ts';

interface Timer {
  dueMs: number;
  callback: () => void;
  handle: NodeJS.Timeout | undefined;
}

/** Real time, of which a test may skip what it does not want to wait for. */
export class SkippableClock implements Clock {
  /** Whether timers come due by themselves; else only where a test skips time. */
  readonly runs: boolean;
  #skippedMs = 0;
  readonly #timers = new Set<Timer>();

  constructor({ runs = true }: { runs?: boolean } = {}) {
    this.runs = runs;
  }

  now(): number {
    return Date.now() + this.#skippedMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { dueMs: this.now() + delayMs, callback, handle: undefined };
    this.#timers.add(timer);
    if (this.runs) this.#arm(timer);
    return () => this.#drop(timer);
  }

  /** Milliseconds until the next timer; infinite without one. */
  get idleMs(): number {
    return Math.min(...[...this.#timers].map(({ dueMs }) => dueMs - this.now()));
  }

  /** What would have come due meanwhile does so now. */
  skip(durationMs: number): void {
    this.#skippedMs += Math.max(0, durationMs);
    for (const timer of this.#timers) if (this.runs || timer.dueMs <= this.now()) this.#arm(timer);
  }

  #arm(timer: Timer): void {
    clearTimeout(timer.handle);
    timer.handle = setTimeout(() => this.#fire(timer), Math.max(0, timer.dueMs - this.now()));
  }

  #fire(timer: Timer): void {
    this.#drop(timer);
    timer.callback();
  }

  #drop(timer: Timer): void {
    clearTimeout(timer.handle);
    this.#timers.delete(timer);
  }
}
