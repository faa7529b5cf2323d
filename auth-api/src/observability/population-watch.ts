import { setTimeout as delay } from 'node:timers/promises';
import type { Population } from './population-metrics.ts';

export interface PopulationWatchOptions {
  readonly count: () => Promise<Population>;
  readonly intervalMs: number;
  /** It cannot be known any more; told once, until it can. */
  readonly onLost: (error: unknown) => void;
  readonly onFound: () => void;
  readonly signal: AbortSignal;
}

/** Asks at once and then at each interval; what it returns tells the last answer, undefined when that failed. */
export function watchPopulation({ count, intervalMs, onLost, onFound, signal }: PopulationWatchOptions) {
  let population: Population | undefined;
  let isLost = false;
  const tryToCount = async () => {
    try {
      population = await count();
      if (isLost) onFound();
      isLost = false;
    } catch (error) {
      population = undefined;
      if (!isLost && !signal.aborted) onLost(error);
      isLost = true;
    }
  };
  const watch = async () => {
    while (!signal.aborted) {
      await tryToCount();
      await delay(intervalMs, undefined, { signal, ref: false }).catch(() => {});
    }
  };
  void watch();
  return () => population;
}
