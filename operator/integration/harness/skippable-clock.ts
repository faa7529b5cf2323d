import type { Clock } from '../../src/controller/clock.ts';

interface Timer {
  dueMs: number;
  callback: () => void;
  handle: NodeJS.Timeout;
}

/** Real time, of which a test may skip what it does not want to wait for. */
export class SkippableClock implements Clock {
  #skippedMs = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return Date.now() + this.#skippedMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const dueMs = this.now() + delayMs;
    const timer = { dueMs, callback, handle: setTimeout(() => this.#fire(timer), delayMs) };
    this.#timers.add(timer);
    return () => this.#drop(timer);
  }

  /** Milliseconds until the next timer; infinite without one. */
  get idleMs(): number {
    return Math.min(...[...this.#timers].map(({ dueMs }) => dueMs - this.now()));
  }

  /** What would have come due meanwhile does so now. */
  skip(durationMs: number): void {
    this.#skippedMs += durationMs;
    for (const timer of [...this.#timers]) {
      clearTimeout(timer.handle);
      timer.handle = setTimeout(() => this.#fire(timer), Math.max(0, timer.dueMs - this.now()));
    }
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
