import { setTimeout as delay } from 'node:timers/promises';
import type { Population } from './population-metrics.ts';

export interface PopulationWatchOptions {
  readonly count: () => Promise<Population>;
  readonly intervalMs: number;
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Counts at once and then at each interval; what it returns tells the last count, undefined when that failed. */
export function watchPopulation({ count, intervalMs, onError, signal }: PopulationWatchOptions) {
  let population: Population | undefined;
  const watch = async () => {
    while (!signal.aborted) {
      try {
        population = await count();
      } catch (error) {
        population = undefined;
        onError(error);
      }
      await delay(intervalMs, undefined, { signal, ref: false }).catch(() => {});
    }
  };
  void watch();
  return () => population;
}
