import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Population } from './population-metrics.ts';
import { watchPopulation } from './population-watch.ts';

const population: Population = { activeSessions: 3, legacyHashes: 2, waitingMails: 1 };
const more: Population = { ...population, activeSessions: 4 };

let stopping: AbortController;
beforeEach(() => {
  stopping = new AbortController();
});
afterEach(() => stopping.abort());

/** What is shown after each of the counts, and what is told of them; a count that fails is given by its message. */
async function watched(...counts: readonly (Population | string)[]) {
  const told: string[] = [];
  const shown: (Population | undefined)[] = [];
  const ended = Promise.withResolvers<void>();
  let asked = 0;
  const last = watchPopulation({
    count: async () => {
      if (asked > 0) shown.push(last());
      const count = counts[asked];
      asked += 1;
      if (typeof count === 'string') throw new Error(count);
      if (count !== undefined) return count;
      ended.resolve();
      return new Promise<never>(() => {});
    },
    intervalMs: 1,
    onLost: (error) => told.push((error as Error).message),
    onFound: () => told.push('found'),
    signal: stopping.signal,
  });
  await ended.promise;
  return { shown, told };
}

test('what was counted last is shown, and nothing where that failed', async () => {
  expect((await watched(population, more, 'down')).shown).toEqual([population, more, undefined]);
});

test('of failures in a row the first is told, and their end', async () => {
  const { told } = await watched('down', 'still down', population, more, 'down again', 'and again');
  expect(told).toEqual(['down', 'found', 'down again']);
});

test('a count that fails because the pod stops is no news', async () => {
  const told: unknown[] = [];
  const counting = Promise.withResolvers<Population>();
  watchPopulation({
    count: () => counting.promise,
    intervalMs: 1,
    onLost: (error) => told.push(error),
    onFound: () => told.push('found'),
    signal: stopping.signal,
  });
  stopping.abort();
  counting.reject(new Error('the pool is closed'));
  await turn();
  expect(told).toEqual([]);
});
