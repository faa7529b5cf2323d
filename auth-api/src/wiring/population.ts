import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { PopulationCounter } from '../background/population-counter.ts';
import { type Repetition, repeat } from '../background/repeat.ts';
import type { ServeConfig } from '../config.ts';
import { observePopulation } from '../observability/population-metrics.ts';
import { watchPopulation } from '../observability/population-watch.ts';
import {
  populationAges,
  populationNumbers,
  readPopulation,
  writePopulationCount,
} from '../storage/postgres/population.ts';
import { sparingPrimary } from '../storage/postgres/sparing-primary.ts';
import type { Databases } from './databases.ts';

/** Whoever takes the turn over counts soon. */
const tickMs = 2_000;
const readIntervalMs = 10_000;

/** Counts for all pods while it is this one's turn. */
export function startPopulationCounter(
  { hashing: { algorithm } }: ServeConfig,
  {
    databases: { primary, scans },
    isOnDuty,
    log,
  }: { readonly databases: Databases; readonly isOnDuty: () => boolean; readonly log: Logger },
): Repetition {
  const counter = new PopulationCounter({
    isOnDuty,
    numbers: populationNumbers(scans, algorithm),
    agesSeconds: () => populationAges(primary),
    write: (name, count) => writePopulationCount(primary, name, count),
    nowMs: () => performance.now(),
    onLost: (number, error) => log.warn({ number, error }, 'a number of all pods cannot be counted'),
    onFound: (number) => log.info({ number }, 'the number of all pods is counted again'),
  });
  return repeat(
    () => counter.tick(),
    tickMs,
    (error) => log.warn({ error }, 'the numbers of all pods cannot be counted'),
  );
}

/** Shows what the pod whose turn it is has counted. */
export function showPopulation(
  { hashing: { algorithm } }: ServeConfig,
  {
    databases: { scans },
    registry,
    log,
    signal,
  }: {
    readonly databases: Databases;
    readonly registry: Registry;
    readonly log: Logger;
    readonly signal: AbortSignal;
  },
): void {
  const population = watchPopulation({
    count: () => sparingPrimary(scans, (database) => readPopulation(database, algorithm)),
    intervalMs: readIntervalMs,
    onLost: (error) =>
      log.warn({ error }, 'counts of sessions, hashes and mails cannot be read: their metrics are absent'),
    onFound: () => log.info('counts of sessions, hashes and mails are read again'),
    signal,
  });
  observePopulation(registry, population);
}
