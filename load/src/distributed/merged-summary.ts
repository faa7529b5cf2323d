import { type K6Summary, SUMMARY_LINE } from '../../scenarios/summary.ts';

type Values = K6Summary['metrics'][string]['values'];

/** What runners of the same run have said at their end, in lines of their logs among others. */
export function runnerSummaries(log: string): RunnerSummary[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith(SUMMARY_LINE))
    .map((line) => JSON.parse(line.slice(SUMMARY_LINE.length)) as RunnerSummary);
}

export interface RunnerSummary extends K6Summary {
  readonly scenario: { readonly name: string; readonly users: number; readonly timeScale: number };
}

/**
 * Of all runners together. Counts, rates and shares are exact. A percentile is the highest of any runner's: that of all requests
 * is not above it.
 */
export function mergedSummary(summaries: readonly K6Summary[]): K6Summary {
  const names = new Set(summaries.flatMap(({ metrics }) => Object.keys(metrics)));
  const metrics = [...names].map((name) => {
    const values = summaries.flatMap(({ metrics: { [name]: metric } }) =>
      metric === undefined ? [] : [metric.values],
    );
    return [name, { values: merged(name, values) }] as const;
  });
  return { metrics: Object.fromEntries(metrics) };
}

function merged(name: string, all: readonly Values[]): Values {
  const sum = (key: string) => all.reduce((total, values) => total + (values[key] ?? 0), 0);
  const most = (key: string) => Math.max(...all.map((values) => values[key] ?? 0));
  const [first = {}] = all;
  if ('passes' in first) {
    const [passes, fails] = [sum('passes'), sum('fails')];
    return { passes, fails, rate: passes + fails === 0 ? 0 : passes / (passes + fails) };
  }
  if ('med' in first) {
    const highest = Object.keys(first).map((key) => [key, most(key)]);
    return { ...Object.fromEntries(highest), min: Math.min(...all.map(({ min = 0 }) => min)), count: sum('count') };
  }
  // Each runner tells when its users began.
  if (name === 'scenario_start') return { min: Math.min(...all.map(({ min = 0 }) => min)) };
  return Object.fromEntries(Object.keys(first).map((key) => [key, sum(key)]));
}
