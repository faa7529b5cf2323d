import { type ScaledShape, type ScenarioName, stormTimetable } from '../../scenarios/scenario-shapes.ts';
import type { RequestInterval } from './request-series.ts';
import type { Sample } from './samples.ts';

/** Seconds since the start of the run. */
export interface Span {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** What of a run its CPU, caches and connections are judged by. */
export interface JudgedPart {
  readonly what: string;
  readonly spans: readonly Span[];
}

/**
 * Of a storm the windows in which all refresh, since what is before and between them is quiet; of another run where it has
 * settled: without its first fifth and its last twentieth, or ramp-down, in which users come and leave.
 * @param scenarioStartSeconds when the users began: k6 makes them first, which takes a while
 */
export function judgedPart(scenario: ScenarioName, shape: ScaledShape, scenarioStartSeconds = 0): JudgedPart {
  if (scenario === 'token-refresh-storm') {
    const spans = stormTimetable(shape).windows.map(({ fromSeconds, toSeconds }) => ({
      fromSeconds: fromSeconds + scenarioStartSeconds,
      toSeconds: toSeconds + scenarioStartSeconds,
    }));
    return { what: 'the windows in which all refresh', spans };
  }
  const { durationSeconds, rampDownSeconds } = shape;
  const toSeconds = durationSeconds - Math.max(0.05 * durationSeconds, rampDownSeconds);
  const settled = { fromSeconds: 0.2 * durationSeconds, toSeconds };
  return { what: 'the part in which the run has settled', spans: [settled] };
}

/**
 * The looks within a span. Counters tell something between two looks only: where there are not two, as in a window that
 * is shorter than the time between them, those around the span are taken as well.
 */
export function looksWithin(samples: readonly Sample[], { fromSeconds, toSeconds }: Span): Sample[] {
  const between = (from: number, to: number) => samples.filter(({ atSeconds }) => atSeconds >= from && atSeconds <= to);
  const inside = between(fromSeconds, toSeconds);
  if (inside.length >= 2) return inside;
  const before = samples.findLast(({ atSeconds }) => atSeconds < fromSeconds);
  const after = samples.find(({ atSeconds }) => atSeconds > toSeconds);
  return between(before?.atSeconds ?? fromSeconds, after?.atSeconds ?? toSeconds);
}

/** The intervals within a span; where it is too short for one, those that it touches. */
export function intervalsWithin(
  intervals: readonly RequestInterval[],
  { fromSeconds, toSeconds }: Span,
): RequestInterval[] {
  const inside = intervals.filter(
    ({ atSeconds, seconds }) => atSeconds >= fromSeconds && atSeconds + seconds <= toSeconds,
  );
  if (inside.length > 0) return inside;
  return intervals.filter(({ atSeconds, seconds }) => atSeconds < toSeconds && atSeconds + seconds > fromSeconds);
}
