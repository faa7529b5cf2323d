import type { Database } from '../storage/postgres/database.ts';
import { Attempts, type AttemptsOptions } from './attempts.ts';
import type { SweepStep, Swept } from './sweep-steps.ts';

export interface SweeperOptions extends AttemptsOptions {
  readonly primary: Database;
  readonly lease: { take(): Promise<boolean>; release(): Promise<void> };
  readonly steps: readonly SweepStep[];
  /** Every step of a sweep succeeded. */
  readonly onSuccess: () => void;
}

export interface Sweep {
  readonly swept: Swept;
  readonly isMore: boolean;
}

const nothing: Swept = {
  sessions: 0,
  tokens: 0,
  mailedTokens: 0,
  challenges: 0,
  idempotencyKeys: 0,
  invalidations: 0,
  partitionsCreated: 0,
  partitionsDropped: 0,
};

/** Deletes what nobody needs any more, a small batch at a time, on one pod at a time. */
export class Sweeper {
  readonly #options: SweeperOptions;
  readonly #attempts: Attempts;
  #isOnDuty = false;

  /** Steps that fail are named; `lease`: it cannot be known whose turn it is. */
  constructor(options: SweeperOptions) {
    this.#options = options;
    this.#attempts = new Attempts(options);
  }

  /** Whether it was this pod's turn when that was last asked. */
  get isOnDuty(): boolean {
    return this.#isOnDuty;
  }

  /** One batch of each. What fails is told, and keeps no other step from its turn. */
  async sweep(): Promise<Sweep> {
    const { primary, lease, steps, onSuccess } = this.#options;
    let swept = nothing;
    let isMore = false;
    this.#isOnDuty = (await this.#attempts.run('lease', () => lease.take())) ?? false;
    if (!this.#isOnDuty) return { swept, isMore };
    for (const step of steps) {
      const batch = await this.#attempts.run(step.name, () => step.run(primary));
      if (batch === undefined) continue;
      swept = added(swept, batch.swept);
      isMore ||= batch.isMore;
    }
    if (!this.#attempts.isAnyFailing) onSuccess();
    return { swept, isMore };
  }

  async release(): Promise<void> {
    if (!this.#isOnDuty) return;
    this.#isOnDuty = false;
    await this.#options.lease.release();
  }
}

function added(sum: Swept, batch: Partial<Swept>): Swept {
  const kinds = Object.keys(sum) as (keyof Swept)[];
  return Object.fromEntries(kinds.map((kind) => [kind, sum[kind] + (batch[kind] ?? 0)])) as Swept;
}
