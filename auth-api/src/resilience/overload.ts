import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Overload, OverloadCause } from '../domain/ports/overload.ts';

export interface OverloadOptions {
  /** Requests that wait for a connection to the primary. */
  readonly waiting: () => number;
  readonly maxWaiting: number;
  /** Whether a password that came now would find no place in the queue. */
  readonly isHashingFull: () => boolean;
  readonly maxEventLoopDelayMs: number;
}

/** How late the event loop came, in nanoseconds, since it was reset. */
export type DelayHistogram = Pick<
  ReturnType<typeof monitorEventLoopDelay>,
  'enable' | 'disable' | 'percentile' | 'reset'
>;

/** One stall, such as a node gives a pod that it has just started, fills a measurement alone: it is no overload. */
const OVERLOADED_IN_A_ROW = 2;

/**
 * Tells when logins must wait so that checks of tokens need not: when requests queue for connections, or the event loop
 * comes late; or when there is nobody to hash a password, so that none is looked up in vain. A login takes a hundred times the work of a check, and whoever logs in can wait.
 */
export class LoginShedding implements Overload {
  readonly #options: OverloadOptions;
  readonly #delay: DelayHistogram;
  readonly #timer: NodeJS.Timeout;
  /** Measurements in a row in which the event loop came late. */
  #lateInARow = 0;

  constructor(options: OverloadOptions, delay: DelayHistogram = monitorEventLoopDelay({ resolution: 20 })) {
    this.#options = options;
    this.#delay = delay;
    this.#delay.enable();
    this.#timer = setInterval(() => this.#measure(), 500).unref();
  }

  isOverloaded(): boolean {
    return this.cause() !== undefined;
  }

  cause(): OverloadCause | undefined {
    const { waiting, maxWaiting, isHashingFull } = this.#options;
    if (isHashingFull()) return 'overloaded';
    if (waiting() > maxWaiting) return 'connections_short';
    return this.#lateInARow >= OVERLOADED_IN_A_ROW ? 'event_loop_late' : undefined;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#delay.disable();
  }

  #measure(): void {
    const isLate = this.#delay.percentile(50) / 1e6 > this.#options.maxEventLoopDelayMs;
    this.#lateInARow = isLate ? this.#lateInARow + 1 : 0;
    this.#delay.reset();
  }
}
