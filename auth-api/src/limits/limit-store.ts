import type { RateRule } from './gcra.ts';
import type { LockoutPolicy } from './lockout.ts';

/** Where rates and failures are counted: Redis for all pods, or the memory of one. Every operation is atomic. */
export interface LimitStore {
  /** Milliseconds until the next request is allowed; 0: this one was, and has been counted. */
  take(key: string, rule: RateRule): Promise<number>;
  /** For how many milliseconds an account is still locked; 0: it is not. */
  lockedMs(key: string): Promise<number>;
  /** Counts a failure, unless the account is locked; for how many milliseconds it is locked now. */
  recordFailure(key: string, policy: LockoutPolicy): Promise<number>;
  forgetFailures(key: string): Promise<void>;
}
