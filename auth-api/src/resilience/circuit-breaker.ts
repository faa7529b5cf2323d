import {
  type CheckedOptions,
  type CircuitBreakerOptions,
  type CircuitBreakerSnapshot,
  checkOptions,
  type StateChange,
} from './circuit-breaker-options.ts';
import { SlidingWindow } from './sliding-window.ts';

/** The call was not made: the dependency is failing. Come back after `retryAfterSeconds`. */
export class CircuitOpenError extends Error {
  override name = 'CircuitOpenError';
  readonly dependency: string;
  readonly retryAfterSeconds: number;

  constructor(dependency: string, retryAfterSeconds: number) {
    super(`${dependency} is not called until its circuit closes`);
    this.dependency = dependency;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** A probe of a half-open circuit did not end in time. */
export class ProbeTimeoutError extends Error {
  override name = 'ProbeTimeoutError';
}

type State =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly untilMs: number }
  | { readonly kind: 'half-open'; readonly permitsLeft: number; readonly succeeded: number };

/** What a call took part in: its result counts while that generation lasts. */
interface Permit {
  readonly generation: number;
  readonly isProbe: boolean;
}

type Result = 'success' | 'failed' | 'ignored';

const rememberedChanges = 10;

/**
 * A circuit breaker for one dependency.
 *
 * Closed, it counts results over a sliding window and opens when at least `minimumCalls` are in it and
 * `failureRateThreshold` of them failed. Open, it rejects for `recoverySeconds` from opening; the next call makes it
 * half-open. Half-open, it lets exactly `halfOpenRequests` probes through and rejects the excess: the first failure
 * opens it again, all successes close it with an empty window, an ignored error gives its permit back.
 */
export class CircuitBreaker {
  readonly #options: CheckedOptions;
  readonly #window: SlidingWindow;
  #state: State = { kind: 'closed' };
  #generation = 0;
  #lastChangeMs: number;
  #changes: readonly StateChange[] = [];
  #counts = { total: 0, success: 0, failed: 0, rejected: 0, ignored: 0, late: 0 };

  /** @throws RangeError for an option outside of its bounds */
  constructor(options: CircuitBreakerOptions) {
    this.#options = checkOptions(options);
    this.#window = new SlidingWindow(this.#options.windowSeconds * 1000);
    this.#lastChangeMs = options.nowMs();
  }

  /**
   * Makes the call if the circuit lets it.
   * @throws CircuitOpenError when it does not, ProbeTimeoutError when the call was a probe and did not end in time,
   *   and what the operation throws
   */
  async execute<T>(operation: () => Promise<T>): Promise<T> {
    const permit = this.#acquire();
    try {
      const value = await (permit.isProbe ? this.#endInTime(operation) : operation());
      this.#settle(permit, 'success');
      return value;
    } catch (error) {
      this.#settle(permit, this.#options.isIgnored(error) ? 'ignored' : 'failed');
      throw error;
    }
  }

  /** As execute, for a call that blocks: a probe of this kind cannot time out. */
  executeSync<T>(operation: () => T): T {
    const permit = this.#acquire();
    try {
      const value = operation();
      this.#settle(permit, 'success');
      return value;
    } catch (error) {
      this.#settle(permit, this.#options.isIgnored(error) ? 'ignored' : 'failed');
      throw error;
    }
  }

  /** Closes the circuit by hand, with an empty window; calls under way no longer count. */
  reset(): void {
    this.#change({ kind: 'closed' }, 'manual-reset');
  }

  snapshot(): CircuitBreakerSnapshot {
    const nowMs = this.#options.nowMs();
    const { calls, failures } = this.#window.counts(nowMs);
    const { success, failed } = this.#counts;
    return {
      name: this.#options.name,
      currentState: this.#state.kind,
      ...this.#counts,
      successRate: success + failed === 0 ? null : success / (success + failed),
      callsInWindow: calls,
      failureRate: calls === 0 ? null : failures / calls,
      secondsSinceLastChange: (nowMs - this.#lastChangeMs) / 1000,
      stateChanges: this.#changes,
    };
  }

  #acquire(): Permit {
    this.#counts.total += 1;
    const nowMs = this.#options.nowMs();
    if (this.#state.kind === 'open' && nowMs >= this.#state.untilMs) {
      const permitsLeft = this.#options.halfOpenRequests;
      this.#change({ kind: 'half-open', permitsLeft, succeeded: 0 }, 'recovery-time-passed');
    }
    const state = this.#state;
    if (state.kind === 'open') throw this.#reject((state.untilMs - nowMs) / 1000);
    if (state.kind === 'half-open') {
      // The probes decide within their time-out, most of them much sooner.
      if (state.permitsLeft === 0) throw this.#reject(1);
      this.#state = { ...state, permitsLeft: state.permitsLeft - 1 };
    }
    return { generation: this.#generation, isProbe: state.kind === 'half-open' };
  }

  #reject(waitSeconds: number): CircuitOpenError {
    this.#counts.rejected += 1;
    return new CircuitOpenError(this.#options.name, Math.max(1, Math.ceil(waitSeconds)));
  }

  #settle(permit: Permit, result: Result): void {
    if (permit.generation !== this.#generation) {
      this.#counts.late += 1;
      return;
    }
    this.#counts[result] += 1;
    if (this.#state.kind === 'closed') this.#settleClosed(result);
    else if (this.#state.kind === 'half-open') this.#settleProbe(this.#state, result);
  }

  #settleClosed(result: Result): void {
    if (result === 'ignored') return;
    const nowMs = this.#options.nowMs();
    this.#window.record(result === 'success', nowMs);
    const { calls, failures } = this.#window.counts(nowMs);
    const { minimumCalls, failureRateThreshold } = this.#options;
    if (calls >= minimumCalls && failures / calls >= failureRateThreshold) this.#open('failure-rate');
  }

  #settleProbe(state: Extract<State, { kind: 'half-open' }>, result: Result): void {
    if (result === 'failed') this.#open('probe-failed');
    else if (result === 'ignored') this.#state = { ...state, permitsLeft: state.permitsLeft + 1 };
    else if (state.succeeded + 1 === this.#options.halfOpenRequests)
      this.#change({ kind: 'closed' }, 'probes-succeeded');
    else this.#state = { ...state, succeeded: state.succeeded + 1 };
  }

  #open(reason: StateChange['reason']): void {
    this.#change({ kind: 'open', untilMs: this.#options.nowMs() + this.#options.recoverySeconds * 1000 }, reason);
  }

  #change(to: State, reason: StateChange['reason']): void {
    const nowMs = this.#options.nowMs();
    const change: StateChange = { from: this.#state.kind, to: to.kind, at: new Date(nowMs), reason };
    if (to.kind === 'closed') this.#window.clear();
    this.#state = to;
    this.#generation += 1;
    this.#lastChangeMs = nowMs;
    this.#changes = [...this.#changes, change].slice(-rememberedChanges);
    this.#options.onStateChange?.(change);
  }

  async #endInTime<T>(operation: () => Promise<T>): Promise<T> {
    const { probeTimeoutSeconds, name } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const timedOut = new Promise<never>((_, reject) => {
      const error = new ProbeTimeoutError(`a probe of ${name} did not end within ${probeTimeoutSeconds} s`);
      timer = setTimeout(() => reject(error), probeTimeoutSeconds * 1000);
    });
    try {
      return await Promise.race([operation(), timedOut]);
    } finally {
      clearTimeout(timer);
    }
  }
}
