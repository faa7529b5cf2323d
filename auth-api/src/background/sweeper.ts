import type { Database } from '../storage/postgres/database.ts';
import type { SweepStep, Swept } from './sweep-steps.ts';

export interface SweeperOptions {
  readonly primary: Database;
  readonly lease: { take(): Promise<boolean> };
  readonly steps: readonly SweepStep[];
  /** A step fails, and did not the last time; `lease`: it cannot be known whose turn it is. */
  readonly onLost: (step: string, error: unknown) => void;
  /** It no longer fails. */
  readonly onFound: (step: string) => void;
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
  partitionsCreated: 0,
  partitionsDropped: 0,
};

/** Deletes what nobody needs any more, a small batch at a time, on one pod at a time. */
export class Sweeper {
  readonly #options: SweeperOptions;
  readonly #failing = new Set<string>();

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  /** One batch of each. What fails is told, and keeps no other step from its turn. */
  async sweep(): Promise<Sweep> {
    const { primary, lease, steps, onSuccess } = this.#options;
    let swept = nothing;
    let isMore = false;
    if (!(await this.#attempt('lease', () => lease.take()))) return { swept, isMore };
    for (const step of steps) {
      const batch = await this.#attempt(step.name, () => step.run(primary));
      if (batch === undefined) continue;
      swept = added(swept, batch.swept);
      isMore ||= batch.isMore;
    }
    if (this.#failing.size === 0) onSuccess();
    return { swept, isMore };
  }

  /** Undefined where it failed. */
  async #attempt<T>(step: string, run: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await run();
      if (this.#failing.delete(step)) this.#options.onFound(step);
      return result;
    } catch (error) {
      if (!this.#failing.has(step)) this.#options.onLost(step, error);
      this.#failing.add(step);
      return undefined;
    }
  }
}

function added(sum: Swept, batch: Partial<Swept>): Swept {
  const kinds = Object.keys(sum) as (keyof Swept)[];
  return Object.fromEntries(kinds.map((kind) => [kind, sum[kind] + (batch[kind] ?? 0)])) as Swept;
}
