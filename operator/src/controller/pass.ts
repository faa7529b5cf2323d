import { inSpan } from '../observability/spans.ts';
import type { Failure, Tier } from '../status/observed.ts';
import { messageOf, StepErrors } from './errors.ts';

/**
 * Collects what fails in one pass over an AuthCluster. A step that fails does not stop the others; the pass as a
 * whole fails at its end, after status has been written. Failures are in the order in which the steps began, so that
 * steps which run at the same time are told of alike by each pass.
 */
export class Pass {
  readonly #places: number[] = [];
  readonly #errors: { step: string; error: unknown }[] = [];
  readonly #failures: Failure[] = [];
  #begun = 0;

  get failures(): readonly Failure[] {
    return this.#failures;
  }

  get failed(): boolean {
    return this.#errors.length > 0;
  }

  /** Runs a step, as a span of its own; undefined when it failed. */
  attempt<T>(step: string, tier: Tier | undefined, work: () => Promise<T>): Promise<T | undefined> {
    return this.settle(step, tier, () => inSpan(step, tier === undefined ? {} : { 'authcluster.tier': tier }, work));
  }

  /** The same of one step of many alike, of which most have nothing to do. */
  async settle<T>(step: string, tier: Tier | undefined, work: () => Promise<T>): Promise<T | undefined> {
    this.#begun += 1;
    const place = this.#begun;
    try {
      return await work();
    } catch (error) {
      this.#fail(place, step, tier, error);
      return undefined;
    }
  }

  /** Throws when any step failed. */
  end(requeueAfterMs?: number): void {
    if (this.failed) throw new StepErrors(this.#errors, requeueAfterMs);
  }

  #fail(place: number, step: string, tier: Tier | undefined, error: unknown): void {
    const index = this.#places.findLastIndex((each) => each < place) + 1;
    const reason = reasonOf(error);
    this.#places.splice(index, 0, place);
    this.#errors.splice(index, 0, { step, error });
    this.#failures.splice(index, 0, {
      ...(tier === undefined ? {} : { tier }),
      ...(reason === undefined ? {} : { reason }),
      message: `${step}: ${messageOf(error)}`,
    });
  }
}

/** Errors that know what to do about them carry it as `reason` in CamelCase. An ApiError's may be empty. */
function reasonOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('reason' in error)) return undefined;
  return typeof error.reason === 'string' && error.reason !== '' ? error.reason : undefined;
}
