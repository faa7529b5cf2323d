import type { K6Summary } from '../../scenarios/summary.ts';
import type { MeasuredRates } from '../plan/prediction.ts';
import type { RequestInterval } from './request-series.ts';
import type { EndpointResult, Totals, Verdict } from './run-result.ts';
import type { Sample } from './samples.ts';

/** Where a run has settled: without its first fifth and its last twentieth, in which users come and leave. */
export function settledSamples(samples: readonly Sample[], durationSeconds: number): Sample[] {
  return samples.filter((sample) => isSettled(sample, durationSeconds));
}

function isSettled({ atSeconds }: { readonly atSeconds: number }, durationSeconds: number): boolean {
  return atSeconds >= 0.2 * durationSeconds && atSeconds <= 0.95 * durationSeconds;
}

/** In the order in which a session meets them. */
const ENDPOINTS = ['login', 'profile', 'verify', 'refresh', 'logout', 'all'];

export function endpointResults({ metrics }: K6Summary): Record<string, EndpointResult> {
  const results: Record<string, EndpointResult> = {};
  for (const endpoint of ENDPOINTS) {
    const suffix = endpoint === 'all' ? '' : `{name:${endpoint}}`;
    const values = metrics[`http_req_duration${suffix}`]?.values;
    if (!values?.count) continue;
    results[endpoint] = {
      requests: values.count,
      perSecond: metrics[`http_reqs${suffix}`]?.values.rate ?? 0,
      failedShare: metrics[`http_req_failed${suffix}`]?.values.rate ?? 0,
      timeoutShare: metrics[`timeouts${suffix}`]?.values.rate ?? 0,
      p50Ms: values.med ?? 0,
      p95Ms: values['p(95)'] ?? 0,
      p99Ms: values['p(99)'] ?? 0,
      maxMs: values.max ?? 0,
    };
  }
  return results;
}

/** Rates of the settled part of a run. */
export function settledRates(
  intervals: readonly RequestInterval[],
  durationSeconds: number,
  { localHitShare, pods }: { localHitShare: number; pods: number },
): MeasuredRates {
  const settled = intervals.filter((interval) => isSettled(interval, durationSeconds));
  const seconds = settled.reduce((sum, interval) => sum + interval.seconds, 0);
  const rate = (endpoint: string) =>
    seconds === 0 ? 0 : settled.reduce((sum, { endpoints }) => sum + (endpoints[endpoint]?.requests ?? 0), 0) / seconds;
  return {
    loginsPerSecond: rate('login'),
    // A log-out ends a session with one write, as a refresh does.
    refreshesPerSecond: rate('refresh') + rate('logout'),
    profilesPerSecond: rate('profile'),
    verifiesPerSecond: rate('verify'),
    localHitShare,
    pods,
  };
}

/** What the whole run amounts to. */
export function totalsOf({ metrics }: K6Summary, samples: readonly Sample[], durationSeconds: number): Totals {
  const settled = settledSamples(samples, durationSeconds);
  const cores = apiCpuCores(settled);
  const limit = mean(settled.map(({ tiers }) => tiers?.['auth-api']?.limitCores));
  const [hits, misses] = [growth(settled, 'cacheHits'), growth(settled, 'cacheMisses')];
  const [memoryHits, memoryMisses] = [growth(settled, 'memoryHits'), growth(settled, 'memoryMisses')];
  const [querySeconds, queries] = [growth(settled, 'querySeconds'), growth(settled, 'queries')];
  const connections = settled.flatMap(({ api }) =>
    api?.activeWriteConnections === undefined ? [] : [api.activeWriteConnections + (api.activeReadConnections ?? 0)],
  );
  const session = metrics.session_duration?.values.med;
  return defined({
    mostUsers: metrics.vus_max?.values.max ?? metrics.vus_max?.values.value ?? 0,
    expectedRefusals: metrics.expected_refusals?.values.count ?? 0,
    loginSuccessShare: metrics.login_success?.values.rate,
    refreshSuccessShare: metrics.refresh_success?.values.rate,
    sessionP50Seconds: session === undefined ? undefined : session / 1000,
    apiCpuCores: cores,
    apiCpuShareOfLimit: cores === undefined || limit === undefined ? undefined : cores / limit,
    machineUtilisation: mean(settled.map(({ machineUtilisation }) => machineUtilisation)),
    cacheHitShare: share(hits, misses),
    memoryHitShare: share(memoryHits, memoryMisses),
    meanQueryMs: querySeconds === undefined || !queries ? undefined : (querySeconds / queries) * 1000,
    mostActiveConnections: connections.length === 0 ? undefined : Math.max(...connections),
    apiMemoryMibPerPod: mean(settled.map(({ api }) => (api === undefined ? undefined : api.memoryMib / api.pods))),
  });
}

/**
 * CPU of the auth API from its own counters, between samples with the same number of pods; where those cannot be read,
 * from the cluster's metrics.
 */
function apiCpuCores(samples: readonly Sample[]): number | undefined {
  let [busySeconds, elapsedSeconds] = [0, 0];
  for (const [before, after] of pairs(samples)) {
    if (before.api === undefined || after.api === undefined || before.api.pods !== after.api.pods) continue;
    const grown = after.api.cpuSeconds - before.api.cpuSeconds;
    if (grown < 0) continue;
    busySeconds += grown;
    elapsedSeconds += after.atSeconds - before.atSeconds;
  }
  return elapsedSeconds > 0
    ? busySeconds / elapsedSeconds
    : mean(samples.map(({ tiers }) => tiers?.['auth-api']?.cpuCores));
}

type Counter = 'cacheHits' | 'cacheMisses' | 'memoryHits' | 'memoryMisses' | 'querySeconds' | 'queries';

/** How much a counter grew; where a pod came or went and took its count along, that step is left out. */
function growth(samples: readonly Sample[], counter: Counter): number | undefined {
  const steps = pairs(samples).flatMap(([before, after]) => {
    const [from, to] = [before.api?.[counter], after.api?.[counter]];
    return from === undefined || to === undefined || to < from ? [] : [to - from];
  });
  return steps.length === 0 ? undefined : steps.reduce((sum, step) => sum + step, 0);
}

/** The thresholds of every run. What could not be measured is said to be so, and fails nothing. */
export function verdictsOf(endpoints: Readonly<Record<string, EndpointResult>>, totals: Totals): Verdict[] {
  const { all, login } = endpoints;
  const local = totals.machineUtilisation;
  return [
    below('p95 of all requests', all?.p95Ms, 500, milliseconds),
    below('p99 of all requests', all?.p99Ms, 1000, milliseconds),
    below('p95 of logins', login?.p95Ms, 500, milliseconds),
    below('p99 of logins', login?.p99Ms, 1000, milliseconds),
    below('errors', all?.failedShare, 0.001, percent),
    below('time-outs', all?.timeoutShare, 0.001, percent),
    below('CPU of the auth API, of its limit', totals.apiCpuShareOfLimit, 0.8, percent),
    ...(local === undefined ? [] : [below('CPU of the machine under test', local, 0.8, percent)]),
    above('cache hits', totals.cacheHitShare, 0.9, percent),
  ];
}

function below(what: string, value: number | undefined, limit: number, written: (value: number) => string): Verdict {
  const bound = `below ${written(limit)}`;
  if (value === undefined) return { kind: 'notMeasured', what, limit: bound };
  return { kind: value < limit ? 'met' : 'missed', what, limit: bound, value: written(value) };
}

function above(what: string, value: number | undefined, limit: number, written: (value: number) => string): Verdict {
  const bound = `above ${written(limit)}`;
  if (value === undefined) return { kind: 'notMeasured', what, limit: bound };
  return { kind: value > limit ? 'met' : 'missed', what, limit: bound, value: written(value) };
}

function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

function percent(value: number): string {
  return `${Number((value * 100).toFixed(value < 0.01 ? 3 : 1))} %`;
}

function share(part: number | undefined, rest: number | undefined): number | undefined {
  if (part === undefined || rest === undefined || part + rest === 0) return undefined;
  return part / (part + rest);
}

export function mean(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function pairs<T>(items: readonly T[]): [T, T][] {
  return items.slice(1).map((item, index) => [items[index] as T, item]);
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Without the properties that are undefined. */
function defined<T extends object>(given: T): Defined<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>;
}
