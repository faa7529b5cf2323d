import { BoundedLru } from '../cache/bounded-lru.ts';
import { gcra, type RateRule } from './gcra.ts';
import type { AccountCount, LimitStore } from './limit-store.ts';
import { type LockoutPolicy, lockMs } from './lockout.ts';

interface Failures {
  readonly count: number;
  readonly lockedUntilMs: number;
}

/** Counts in the memory of one pod, for as many subjects as it has room for; who was seen least recently is forgotten. */
export class MemoryLimitStore implements LimitStore {
  readonly #nowMs: () => number;
  readonly #arrivals: BoundedLru<number>;
  readonly #failures: BoundedLru<Failures>;

  constructor(nowMs: () => number, maxSubjects = 50_000) {
    this.#nowMs = nowMs;
    this.#arrivals = new BoundedLru(maxSubjects);
    this.#failures = new BoundedLru(maxSubjects);
  }

  async admit(ruleName: string, rule: RateRule, account: string): Promise<AccountCount> {
    const [waitMs, lockedMs] = [await this.take(`${ruleName}:${account}`, rule), await this.lockedMs(account)];
    return { waitMs, lockedMs, failures: this.#failures.get(account, this.#nowMs())?.count ?? 0 };
  }

  async take(key: string, rule: RateRule): Promise<number> {
    const nowMs = this.#nowMs();
    const step = gcra(rule, this.#arrivals.get(key, nowMs), nowMs);
    if (step.kind === 'limited') return step.retryAfterMs;
    this.#arrivals.set(key, step.arrivalMs, step.arrivalMs);
    return 0;
  }

  async lockedMs(key: string): Promise<number> {
    const nowMs = this.#nowMs();
    return Math.max(0, (this.#failures.get(key, nowMs)?.lockedUntilMs ?? 0) - nowMs);
  }

  async recordFailure(key: string, policy: LockoutPolicy): Promise<number> {
    const nowMs = this.#nowMs();
    const before = this.#failures.get(key, nowMs);
    if (before !== undefined && before.lockedUntilMs > nowMs) return before.lockedUntilMs - nowMs;
    const count = (before?.count ?? 0) + 1;
    const lockedMs = lockMs(policy, count);
    this.#failures.set(key, { count, lockedUntilMs: nowMs + lockedMs }, nowMs + policy.memorySeconds * 1000);
    return lockedMs;
  }

  async forgetFailures(key: string): Promise<void> {
    this.#failures.delete(key);
  }
}
