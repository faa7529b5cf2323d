import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Overload } from '../domain/ports/overload.ts';

export interface OverloadOptions {
  /** Requests that wait for a connection to the primary. */
  readonly waiting: () => number;
  readonly maxWaiting: number;
  readonly maxEventLoopDelayMs: number;
}

/**
 * Tells when logins must wait so that checks of tokens need not: when requests queue for connections, or the event loop
 * comes late. A login takes a hundred times the work of a check, and whoever logs in can wait.
 */
export class LoginShedding implements Overload {
  readonly #options: OverloadOptions;
  readonly #delay = monitorEventLoopDelay({ resolution: 20 });
  readonly #timer: NodeJS.Timeout;
  #medianDelayMs = 0;

  constructor(options: OverloadOptions) {
    this.#options = options;
    this.#delay.enable();
    this.#timer = setInterval(() => this.#measure(), 500).unref();
  }

  isOverloaded(): boolean {
    const { waiting, maxWaiting, maxEventLoopDelayMs } = this.#options;
    return waiting() > maxWaiting || this.#medianDelayMs > maxEventLoopDelayMs;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#delay.disable();
  }

  #measure(): void {
    this.#medianDelayMs = this.#delay.percentile(50) / 1e6;
    this.#delay.reset();
  }
}
