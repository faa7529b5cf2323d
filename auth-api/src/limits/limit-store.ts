import type { RateRule } from './gcra.ts';
import type { LockoutPolicy } from './lockout.ts';

/** Milliseconds as of `take` and `lockedMs`, and how often the account has failed in a row. */
export interface AccountCount {
  readonly waitMs: number;
  readonly lockedMs: number;
  readonly failures: number;
}

/** Where rates and failures are counted: Redis for all pods, or the memory of one. Every operation is atomic. */
export interface LimitStore {
  /** `take` of an account, and what is known of its failures, in one step. */
  admit(ruleName: string, rule: RateRule, account: string): Promise<AccountCount>;
  /** Milliseconds until the next request is allowed; 0: this one was, and has been counted. */
  take(key: string, rule: RateRule): Promise<number>;
  /** For how many milliseconds an account is still locked; 0: it is not. */
  lockedMs(key: string): Promise<number>;
  /** Counts a failure, unless the account is locked; for how many milliseconds it is locked now. */
  recordFailure(key: string, policy: LockoutPolicy): Promise<number>;
  forgetFailures(key: string): Promise<void>;
}
