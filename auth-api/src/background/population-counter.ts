import { Attempts, type AttemptsOptions } from './attempts.ts';

export interface CountedNumber {
  readonly name: string;
  readonly intervalSeconds: number;
  count(): Promise<number>;
}

export interface PopulationCounterOptions extends AttemptsOptions {
  /** Whether it is this pod that counts. */
  readonly isOnDuty: () => boolean;
  readonly numbers: readonly CountedNumber[];
  /** How long ago each was counted, by whichever pod; nothing of those that never were. */
  readonly agesSeconds: () => Promise<ReadonlyMap<string, number>>;
  readonly write: (name: string, count: number) => Promise<void>;
  readonly nowMs: () => number;
}

/**
 * Counts, on one pod, what all show: going over whole tables costs too much to be done by each. Each number by itself, so
 * that one which takes too long costs no other.
 */
export class PopulationCounter {
  readonly #options: PopulationCounterOptions;
  readonly #attempts: Attempts;
  readonly #triedAtMs = new Map<string, number>();

  constructor(options: PopulationCounterOptions) {
    this.#options = options;
    this.#attempts = new Attempts(options);
  }

  /** Counts what was counted too long ago. Call it more often than any of the intervals. */
  async tick(): Promise<void> {
    const { isOnDuty, agesSeconds, numbers, write } = this.#options;
    if (!isOnDuty()) return;
    const ages = await this.#attempts.run('ages', agesSeconds);
    if (ages === undefined) return;
    for (const number of numbers) {
      if (!this.#isDue(number, ages)) continue;
      this.#triedAtMs.set(number.name, this.#options.nowMs());
      await this.#attempts.run(number.name, async () => {
        await write(number.name, await number.count());
        this.#triedAtMs.delete(number.name);
      });
    }
  }

  /** What failed is not tried again sooner than if it had not: what took too long will take as long. */
  #isDue({ name, intervalSeconds }: CountedNumber, ages: ReadonlyMap<string, number>): boolean {
    const triedAtMs = this.#triedAtMs.get(name) ?? Number.NEGATIVE_INFINITY;
    const sinceTriedSeconds = (this.#options.nowMs() - triedAtMs) / 1000;
    return Math.min(ages.get(name) ?? Number.POSITIVE_INFINITY, sinceTriedSeconds) >= intervalSeconds;
  }
}
