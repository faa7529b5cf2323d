import type { K6Summary } from '../../scenarios/summary.ts';
import type { MeasuredRates } from '../plan/prediction.ts';
import type { RequestInterval } from './request-series.ts';
import type { EndpointResult, Totals } from './run-result.ts';
import type { Sample } from './samples.ts';

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

/** Rates of the intervals that are judged. */
export function ratesOf(
  intervals: readonly RequestInterval[],
  { localHitShare, pods }: { localHitShare: number; pods: number },
): MeasuredRates {
  const seconds = intervals.reduce((sum, interval) => sum + interval.seconds, 0);
  const perSecond = (count: (interval: RequestInterval) => number) =>
    seconds === 0 ? 0 : intervals.reduce((sum, interval) => sum + count(interval), 0) / seconds;
  const rate = (endpoint: string) => perSecond(({ endpoints }) => endpoints[endpoint]?.requests ?? 0);
  return {
    // Those turned away cost next to nothing.
    loginsPerSecond: perSecond(({ hashedLogins }) => hashedLogins),
    refreshesPerSecond: rate('refresh'),
    profilesPerSecond: rate('profile'),
    verifiesPerSecond: rate('verify'),
    logoutsPerSecond: rate('logout'),
    localHitShare,
    pods,
  };
}

/**
 * What a run amounts to: requests are those of the whole run, CPU, caches and connections those of the part that is judged.
 * @param judged the looks at the system within each span of that part
 */
export function totalsOf({ metrics }: K6Summary, judged: readonly (readonly Sample[])[]): Totals {
  const [looks, steps] = [judged.flat(), judged.flatMap(pairs)];
  const cores = apiCpuCores(steps) ?? mean(looks.map(({ tiers }) => tiers?.['auth-api']?.cpuCores));
  const limit = mean(looks.map(({ tiers }) => tiers?.['auth-api']?.limitCores));
  const [hits, misses] = [growth(steps, 'cacheHits'), growth(steps, 'cacheMisses')];
  const [memoryHits, memoryMisses] = [growth(steps, 'memoryHits'), growth(steps, 'memoryMisses')];
  const [querySeconds, queries] = [growth(steps, 'querySeconds'), growth(steps, 'queries')];
  const connections = looks.flatMap(({ api }) =>
    api?.activeWriteConnections === undefined ? [] : [api.activeWriteConnections + (api.activeReadConnections ?? 0)],
  );
  const session = metrics.session_duration?.values.med;
  return defined({
    mostUsers: metrics.vus_max?.values.max ?? metrics.vus_max?.values.value ?? 0,
    expectedRefusals: metrics.expected_refusals?.values.count ?? 0,
    loginSuccessShare: metrics.login_success?.values.rate,
    loggedInShare: loggedInShare(metrics),
    refreshSuccessShare: metrics.refresh_success?.values.rate,
    sessionP50Seconds: session === undefined ? undefined : session / 1000,
    apiCpuCores: cores,
    apiCpuShareOfLimit: cores === undefined || limit === undefined ? undefined : cores / limit,
    // Each look tells of the time since the one before it.
    machineUtilisation: mean(steps.map(([, { machineUtilisation }]) => machineUtilisation)),
    cacheHitShare: share(hits, misses),
    memoryHitShare: share(memoryHits, memoryMisses),
    meanQueryMs: querySeconds === undefined || !queries ? undefined : (querySeconds / queries) * 1000,
    mostActiveConnections: connections.length === 0 ? undefined : Math.max(...connections),
    apiMemoryMibPerPod: mean(looks.map(({ api }) => (api === undefined ? undefined : api.memoryMib / api.pods))),
  });
}

function loggedInShare(metrics: K6Summary['metrics']): number | undefined {
  const logins = metrics['http_req_duration{name:login}']?.values.count;
  // Where none succeeded or failed, as where all ran into a limit, k6 says nothing of success.
  return logins ? (metrics.login_success?.values.passes ?? 0) / logins : undefined;
}

/** Two looks, one after the other. */
type Step = readonly [before: Sample, after: Sample];

/** CPU of the auth API from its own counters, between looks at the same number of pods. */
function apiCpuCores(steps: readonly Step[]): number | undefined {
  let [busySeconds, elapsedSeconds] = [0, 0];
  for (const [before, after] of steps) {
    if (before.api === undefined || after.api === undefined || before.api.pods !== after.api.pods) continue;
    const grown = after.api.cpuSeconds - before.api.cpuSeconds;
    if (grown < 0) continue;
    busySeconds += grown;
    elapsedSeconds += after.atSeconds - before.atSeconds;
  }
  return elapsedSeconds > 0 ? busySeconds / elapsedSeconds : undefined;
}

type Counter = 'cacheHits' | 'cacheMisses' | 'memoryHits' | 'memoryMisses' | 'querySeconds' | 'queries';

/**
 * How much a counter grew. Where a pod went and took its count along, that step is left out, for all counters: what the others
 * have counted may hide the loss of one, and not that of another.
 */
function growth(steps: readonly Step[], counter: Counter): number | undefined {
  const grown = steps.flatMap(([before, after]) => {
    if ((after.api?.pods ?? 0) < (before.api?.pods ?? 0)) return [];
    const [from, to] = [before.api?.[counter], after.api?.[counter]];
    return from === undefined || to === undefined || to < from ? [] : [to - from];
  });
  return grown.length === 0 ? undefined : grown.reduce((sum, step) => sum + step, 0);
}

function share(part: number | undefined, rest: number | undefined): number | undefined {
  if (part === undefined || rest === undefined || part + rest === 0) return undefined;
  return part / (part + rest);
}

export function mean(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function pairs(samples: readonly Sample[]): Step[] {
  return samples.slice(1).map((sample, index) => [samples[index] as Sample, sample]);
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Without the properties that are undefined. */
function defined<T extends object>(given: T): Defined<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>;
}
