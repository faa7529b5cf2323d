import type { RunResult } from '../run/run-result.ts';
import type { Line } from './line-chart.ts';

export type Points = Line['points'];

/** Colours in the order in which lines take them. */
export const STYLES = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6'];

/** Seconds that a chart of the run spans. */
export function durationOf({ scenario, intervals, samples }: RunResult): number {
  const last = intervals.at(-1);
  const measured = last === undefined ? 0 : last.atSeconds + last.seconds;
  return Math.max(scenario.durationSeconds, measured, samples.at(-1)?.atSeconds ?? 0);
}
