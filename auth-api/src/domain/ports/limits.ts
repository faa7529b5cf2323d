export type LimitDecision =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number };

export interface RateLimiter {
  /** @param rule which limit; @param subject who is limited: an account, a client network */
  take(rule: string, subject: string): Promise<LimitDecision>;
}

export type Admission =
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  | { readonly kind: 'lockedOut' }
  /** Without failures to forget, as far as is known, nobody need be told of a success. */
  | { readonly kind: 'open'; readonly mayHaveFailed: boolean };

/** Counts wrong passwords by the name that was typed, whether or not there is such an account. */
export interface AccountLockout {
  /** Whether an account may try: within its rate, which this counts towards, and not locked. */
  admit(rule: string, account: string): Promise<Admission>;
  lockout(account: string): Promise<{ readonly kind: 'open' } | { readonly kind: 'lockedOut' }>;
  /** Tells whether the account is locked by it. */
  recordFailure(account: string): Promise<{ readonly kind: 'open' } | { readonly kind: 'lockedOut' }>;
  forgetFailures(account: string): Promise<void>;
}
