export interface CircuitBreakerOptions {
  /** The dependency, as metrics and messages call it. */
  readonly name: string;
  /** Share of failures in the window, above 0 and up to 1, at which the circuit opens. Default 0.5. */
  readonly failureRateThreshold?: number;
  /** Default 60. */
  readonly windowSeconds?: number;
  /** The rate counts for nothing while the window holds fewer calls. Default 10. */
  readonly minimumCalls?: number;
  /** Probes that a half-open circuit lets through, all of which must succeed to close it. Default 3. */
  readonly halfOpenRequests?: number;
  /** From opening to the first probe. Default 30. */
  readonly recoverySeconds?: number;
  /** A probe that has not ended by then has failed. Default 5. */
  readonly probeTimeoutSeconds?: number;
  /** Errors that say nothing of the dependency, as a caller's mistake: counted neither way. Default: none. */
  readonly isIgnored?: (error: unknown) => boolean;
  readonly onStateChange?: (change: StateChange) => void;
  /** Milliseconds since 1970 by a clock that never goes back: performance.timeOrigin + performance.now(). */
  readonly nowMs: () => number;
}

export type StateName = 'closed' | 'open' | 'half-open';

export interface StateChange {
  readonly from: StateName;
  readonly to: StateName;
  readonly at: Date;
  readonly reason: 'failure-rate' | 'recovery-time-passed' | 'probe-failed' | 'probes-succeeded' | 'manual-reset';
}

export interface CircuitBreakerSnapshot {
  readonly name: string;
  readonly currentState: StateName;
  /** Calls asked for; each ends as one of the next five or is still running. */
  readonly total: number;
  readonly success: number;
  readonly failed: number;
  readonly rejected: number;
  readonly ignored: number;
  /** Results that came after the state in which the call began had ended; they change nothing. */
  readonly late: number;
  /** success / (success + failed); null before the first of them. */
  readonly successRate: number | null;
  readonly callsInWindow: number;
  /** Of the calls in the window; null while there are none. */
  readonly failureRate: number | null;
  readonly secondsSinceLastChange: number;
  /** The last ten, oldest first. */
  readonly stateChanges: readonly StateChange[];
}

export type CheckedOptions = Required<Omit<CircuitBreakerOptions, 'onStateChange'>> &
  Pick<CircuitBreakerOptions, 'onStateChange'>;

/** @throws RangeError for an option outside of its bounds */
export function checkOptions(options: CircuitBreakerOptions): CheckedOptions {
  const checked: CheckedOptions = {
    failureRateThreshold: 0.5,
    windowSeconds: 60,
    minimumCalls: 10,
    halfOpenRequests: 3,
    recoverySeconds: 30,
    probeTimeoutSeconds: 5,
    isIgnored: () => false,
    ...options,
  };
  const { failureRateThreshold, minimumCalls, halfOpenRequests } = checked;
  if (!(failureRateThreshold > 0 && failureRateThreshold <= 1)) {
    throw new RangeError(`failureRateThreshold must be above 0 and at most 1, not ${failureRateThreshold}`);
  }
  for (const [name, count] of Object.entries({ minimumCalls, halfOpenRequests })) {
    if (!Number.isInteger(count) || count < 1) throw new RangeError(`${name} must be 1 or more, not ${count}`);
  }
  for (const name of ['windowSeconds', 'recoverySeconds', 'probeTimeoutSeconds'] as const) {
    const seconds = checked[name];
    if (!(Number.isFinite(seconds) && seconds > 0)) throw new RangeError(`${name} must be above 0, not ${seconds}`);
  }
  return checked;
}
