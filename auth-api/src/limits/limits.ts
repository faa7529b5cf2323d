import { createHash } from 'node:crypto';
import type { Admission, LimitDecision, RateLimiter } from '../domain/ports/limits.ts';
import { checkRateRule, type RateRule } from './gcra.ts';
import type { LimitStore } from './limit-store.ts';
import { checkLockoutPolicy, type LockoutPolicy } from './lockout.ts';

export type LockoutDecision =
  | { readonly kind: 'open' }
  | { readonly kind: 'lockedOut'; readonly retryAfterSeconds: number };

/** Per account and per client network where it tells passwords; generous enough for a person and for an office. */
export const defaultRateRules = {
  login_account: { limit: 10, periodSeconds: 60 },
  login_network: { limit: 100, periodSeconds: 60 },
  registration_network: { limit: 20, periodSeconds: 3600 },
  /** Codes of one account. */
  second_factor: { limit: 10, periodSeconds: 300 },
  /** Mail to one person. */
  recovery_account: { limit: 5, periodSeconds: 3600 },
  recovery_network: { limit: 30, periodSeconds: 3600 },
  /** Credentials of clients that were wrong; of one network, or of one client within our own networks. */
  client_failure: { limit: 60, periodSeconds: 60 },
} as const satisfies Record<string, RateRule>;

export interface LimitsOptions {
  readonly rules: Readonly<Record<string, RateRule>>;
  readonly lockout: LockoutPolicy;
  /** For all pods; undefined without Redis. */
  readonly shared: LimitStore | undefined;
  /** For this pod, while the shared one fails. */
  readonly fallback: LimitStore;
  readonly onFallback?: (error: unknown) => void;
}

/** Rate limits and account lockout. Enforced per pod while Redis fails, never left out. */
export class Limits implements RateLimiter {
  readonly #options: LimitsOptions;

  /** @throws RangeError for a rule or a policy out of bounds */
  constructor(options: LimitsOptions) {
    for (const [name, rule] of Object.entries(options.rules)) checkRateRule(name, rule);
    checkLockoutPolicy(options.lockout);
    this.#options = options;
  }

  /** @throws RangeError for a rule that there is not */
  async take(ruleName: string, subject: string): Promise<LimitDecision> {
    const rule = this.#rule(ruleName);
    const waitMs = await this.#ask((store) => store.take(`${ruleName}:${digest(subject)}`, rule));
    return waitMs === 0 ? { kind: 'allowed' } : { kind: 'limited', retryAfterSeconds: wholeSeconds(waitMs) };
  }

  /**
   * Whether an account may try a password, known to exist or not: both are counted by the name that was typed.
   * @throws RangeError for a rule that there is not
   */
  async admit(ruleName: string, account: string): Promise<Admission> {
    const rule = this.#rule(ruleName);
    const { fallback } = this.#options;
    const { waitMs, lockedMs, failures, isOfAllPods } = await this.#ask(async (store) => {
      return { ...(await store.admit(ruleName, rule, digest(account))), isOfAllPods: store !== fallback };
    });
    if (waitMs > 0) return { kind: 'limited', retryAfterSeconds: wholeSeconds(waitMs) };
    if (lockedMs > 0) return { kind: 'lockedOut' };
    return { kind: 'open', mayHaveFailed: failures > 0 || !isOfAllPods };
  }

  /** As admit says, without the rate. */
  async lockout(account: string): Promise<LockoutDecision> {
    return lockoutDecision(await this.#ask((store) => store.lockedMs(digest(account))));
  }

  /** A wrong password. Those tried while the account is locked do not count: they would lock it for ever. */
  async recordFailure(account: string): Promise<LockoutDecision> {
    const { lockout } = this.#options;
    return lockoutDecision(await this.#ask((store) => store.recordFailure(digest(account), lockout)));
  }

  /** A right password, or one changed by its owner. */
  async forgetFailures(account: string): Promise<void> {
    await this.#ask((store) => store.forgetFailures(digest(account)));
  }

  #rule(ruleName: string): RateRule {
    const rule = this.#options.rules[ruleName];
    if (rule === undefined) throw new RangeError(`no rate limit is called ${ruleName}`);
    return rule;
  }

  async #ask<T>(question: (store: LimitStore) => Promise<T>): Promise<T> {
    const { shared, fallback, onFallback } = this.#options;
    if (shared === undefined) return question(fallback);
    try {
      return await question(shared);
    } catch (error) {
      onFallback?.(error);
      return question(fallback);
    }
  }
}

function lockoutDecision(lockedMs: number): LockoutDecision {
  return lockedMs === 0 ? { kind: 'open' } : { kind: 'lockedOut', retryAfterSeconds: wholeSeconds(lockedMs) };
}

function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

/** Names and addresses are not for those who can list the keys of Redis, and may hold what a key must not. */
function digest(subject: string): string {
  return createHash('sha256').update(subject).digest('base64url').slice(0, 22);
}
