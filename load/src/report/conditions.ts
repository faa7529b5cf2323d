import type { RunResult } from '../run/run-result.ts';

/** @throws RangeError where two runs did not play the same: their figures have nothing to say about each other */
export function checkComparable(before: RunResult, after: RunResult): void {
  const [from, to] = [before.scenario.name, after.scenario.name];
  if (from !== to) throw new RangeError(`runs of different scenarios cannot be compared: ${from} and ${to}`);
}

/** In what the load of two runs of one scenario differed. */
export function differentConditions({ scenario: before }: RunResult, { scenario: after }: RunResult): string[] {
  const conditions: [string, number, number][] = [
    ['users', before.users, after.users],
    ['scale', before.scale, after.scale],
    ['time scale', before.timeScale, after.timeScale],
    ['seconds', before.durationSeconds, after.durationSeconds],
    ['seconds in which users leave', before.rampDownSeconds ?? 0, after.rampDownSeconds ?? 0],
  ];
  return conditions.flatMap(([what, from, to]) => (from === to ? [] : [`${what} ${from} -> ${to}`]));
}
