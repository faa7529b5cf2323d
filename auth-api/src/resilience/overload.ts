import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Overload } from '../domain/ports/overload.ts';

export interface OverloadOptions {
  /** Requests that wait for a connection to the primary. */
  readonly waiting: () => number;
  readonly maxWaiting: number;
  /** Whether a password that came now would find no place in the queue. */
  readonly isHashingFull: () => boolean;
  readonly maxEventLoopDelayMs: number;
}

/**
 * Tells when logins must wait so that checks of tokens need not: when requests queue for connections, or the event loop
 * comes late; or when there is nobody to hash a password, so that none is looked up in vain. A login takes a hundred times the work of a check, and whoever logs in can wait.
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
    const { waiting, maxWaiting, isHashingFull, maxEventLoopDelayMs } = this.#options;
    return isHashingFull() || waiting() > maxWaiting || this.#medianDelayMs > maxEventLoopDelayMs;
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
