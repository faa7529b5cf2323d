import type { RequestInterval } from '../run/request-series.ts';
import type { RunResult } from '../run/run-result.ts';
import type { Sample } from '../run/samples.ts';
import { durationOf, type Points, STYLES } from './chart-series.ts';
import { type Line, lineChart } from './line-chart.ts';

/** Share of requests that may fail: what the error budget of a run is made of. */
const ERROR_BUDGET = 0.001;

/** Latency with the autoscaler's replicas beneath it, on the same axis. */
export function latencyCharts(run: RunResult): string {
  // An interval without requests says nothing about latency: the line goes on to the next that has some.
  const percentile = (key: 'p50Ms' | 'p95Ms' | 'p99Ms', endpoint: string): Points =>
    run.intervals
      .map((interval): [number, number | undefined] => [middle(interval), interval.endpoints[endpoint]?.[key]])
      .filter(([, ms]) => ms !== undefined);
  const endpoint = run.endpoints.login === undefined ? 'all' : 'login';
  const duration = durationOf(run);
  return (
    lineChart({
      title: `Latency of ${endpoint === 'login' ? 'logins' : 'requests'}`,
      unit: ' ms',
      durationSeconds: duration,
      limit: { value: 500, label: 'p95 at most 500 ms' },
      lines: [
        { label: 'p50', style: 'c3', points: percentile('p50Ms', endpoint) },
        { label: 'p95', style: 'c1', points: percentile('p95Ms', endpoint) },
        { label: 'p99', style: 'c4', points: percentile('p99Ms', endpoint) },
      ],
    }) +
    lineChart({
      title: 'Pods of the auth API',
      unit: '',
      height: 130,
      atLeast: 3,
      durationSeconds: duration,
      lines: [
        stepped('wanted by the autoscaler', 'c2', run, ({ autoscaler }) => autoscaler?.desired),
        stepped('ready', 'c1', run, ({ api }) => api?.pods),
      ],
    }) +
    lineChart({
      title: 'p95 of the other endpoints',
      absence: 'no requests in this run',
      unit: ' ms',
      height: 180,
      durationSeconds: duration,
      lines: ['verify', 'refresh', 'profile', 'logout'].map((name, index) => ({
        label: name,
        style: STYLES[index] ?? 'c6',
        points: percentile('p95Ms', name),
      })),
    })
  );
}

export function trafficCharts(run: RunResult): string {
  const rate = (endpoint: string): Points =>
    run.intervals.map((interval) => [
      middle(interval),
      (interval.endpoints[endpoint]?.requests ?? 0) / interval.seconds,
    ]);
  const endpoints = Object.keys(run.endpoints).filter((name) => name !== 'all');
  return (
    lineChart({
      title: 'Requests per second',
      unit: '/s',
      durationSeconds: durationOf(run),
      lines: endpoints.map((label, index) => ({ label, style: STYLES[index] ?? 'c6', points: rate(label) })),
    }) +
    lineChart({
      title: 'Users at work',
      unit: '',
      height: 130,
      durationSeconds: durationOf(run),
      lines: [
        {
          label: 'users',
          style: 'c6',
          filled: true,
          points: run.intervals.map((interval) => [middle(interval), interval.users]),
        },
      ],
    })
  );
}

/** What is left of the errors that a thousandth of all requests allows, in percent. Overdrawn, it stays at 0. */
export function errorBudgetChart(run: RunResult): string {
  const allowed = ERROR_BUDGET * run.intervals.reduce((sum, { endpoints }) => sum + (endpoints.all?.requests ?? 0), 0);
  let failed = 0;
  const points = run.intervals.map((interval): [number, number] => {
    failed += interval.endpoints.all?.failed ?? 0;
    return [middle(interval), allowed === 0 ? 100 : Math.max(0, 100 * (1 - failed / allowed))];
  });
  return lineChart({
    title: `Error budget left (${Number(allowed.toFixed(1))} failed requests allowed, ${failed} failed)`,
    unit: ' %',
    height: 150,
    atLeast: 100,
    durationSeconds: durationOf(run),
    lines: [{ label: 'budget', style: failed > allowed ? 'c5' : 'c3', filled: true, points }],
  });
}

function stepped(label: string, style: string, run: RunResult, read: (sample: Sample) => number | undefined): Line {
  return { label, style, stepped: true, points: run.samples.map((sample) => [sample.atSeconds, read(sample)]) };
}

function middle({ atSeconds, seconds }: RequestInterval): number {
  return atSeconds + seconds / 2;
}
