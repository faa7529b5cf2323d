import { scaledShape } from '../../scenarios/scenario-shapes.ts';
import { judgedPart } from '../run/judged-part.ts';
import type { EndpointInterval, RequestInterval } from '../run/request-series.ts';
import type { EndpointResult, RunResult, Totals } from '../run/run-result.ts';
import type { Sample } from '../run/samples.ts';
import { objectivesOf, verdictsOf } from '../run/verdicts.ts';
import { seededRandom } from './simulated-queue.ts';

const DURATION_SECONDS = 1800;
const EVERY_SECONDS = 15;

/** A made-up run in which the autoscaler adds pods while users come: for tests and for the looks of the report. */
export function sampleRun({ slower = 1, failures = 0 } = {}): RunResult {
  const random = seededRandom(11);
  const times = Array.from({ length: DURATION_SECONDS / EVERY_SECONDS }, (_, index) => index * EVERY_SECONDS);
  const share = (at: number) => Math.min(1, at / 300);
  const pods = (at: number) => (at < 120 ? 1 : at < 240 ? 2 : 3);
  const noisy = (value: number) => Math.round(value * (0.85 + 0.3 * random()) * 100) / 100;
  const interval = (requests: number, p50Ms: number, failed = 0): EndpointInterval => ({
    requests: Math.round(noisy(requests)),
    failed,
    p50Ms: noisy(p50Ms),
    p95Ms: noisy(p50Ms * 2.2),
    p99Ms: noisy(p50Ms * 3),
  });
  const intervals = times.map((at): RequestInterval => {
    const strain = 1 + (4 * share(at)) / pods(at) / 3;
    const failed = failures > 0 && at === 900 ? failures : 0;
    const endpoints = {
      login: interval(75 * share(at) + 2, 100 * strain * slower, failed),
      verify: interval(700 * share(at) + 5, 3 * strain * slower),
      refresh: interval(25 * share(at), 8 * slower),
      profile: interval(75 * share(at), 6 * slower),
      logout: interval(70 * share(at), 7 * slower),
    };
    const requests = Object.values(endpoints).reduce((sum, endpoint) => sum + endpoint.requests, 0);
    const all = { ...endpoints.verify, requests, failed };
    return {
      atSeconds: at,
      seconds: EVERY_SECONDS,
      users: Math.round(1000 * share(at)),
      hashedLogins: endpoints.login.requests,
      endpoints: { ...endpoints, all },
    };
  });
  let cpuSeconds = 0;
  const samples = times.map((at): Sample => {
    cpuSeconds += noisy(0.9 * share(at) * EVERY_SECONDS);
    return {
      atSeconds: at,
      machineUtilisation: noisy(0.3 + 0.38 * share(at)),
      autoscaler: { desired: pods(at + 40), current: pods(at) },
      api: {
        pods: pods(at),
        cpuSeconds,
        memoryMib: 140 * pods(at),
        hashesRunning: Math.round(noisy(2 * share(at))),
        hashesWaiting: Math.round(noisy(1.4 * share(at))),
        activeWriteConnections: Math.round(noisy(4 * share(at))),
        activeReadConnections: Math.round(noisy(2 * share(at))),
        cacheHits: 470 * at * share(at),
        cacheMisses: 25 * at * share(at),
      },
      tiers: {
        'auth-api': {
          pods: pods(at),
          cpuCores: noisy(0.9 * share(at)),
          memoryMib: noisy(150) * pods(at),
          limitCores: pods(at),
        },
        gateway: { pods: 1, cpuCores: noisy(0.08 * share(at)), memoryMib: 12, limitCores: 0.2 },
        postgres: { pods: 3, cpuCores: noisy(0.22 * share(at) + 0.04), memoryMib: noisy(310) },
        redis: { pods: 6, cpuCores: noisy(0.06), memoryMib: 80 },
      },
    };
  });
  const endpoints = Object.fromEntries(
    ['login', 'verify', 'refresh', 'profile', 'logout', 'all'].map((name) => [name, total(intervals, name)]),
  );
  const totals: Totals = {
    mostUsers: 1000,
    expectedRefusals: 0,
    loginSuccessShare: 1 - failures / 10_000,
    refreshSuccessShare: 1,
    sessionP50Seconds: 204,
    apiCpuCores: 0.9,
    apiCpuShareOfLimit: 0.3,
    machineUtilisation: 0.68,
    cacheHitShare: 0.949,
    meanQueryMs: 0.8,
    mostActiveConnections: 8,
    apiMemoryMibPerPod: 140,
    predictedApiCpuCores: 0.85,
    tierCores: { gateway: { measured: 0.08, predicted: 0.06 } },
  };
  return {
    version: 1,
    scenario: { name: 'normal-login', users: 1000, durationSeconds: DURATION_SECONDS, scale: 0.1, timeScale: 1 },
    startedAt: '2026-11-23T22:00:00.000Z',
    baseUrl: 'http://127.0.0.1:8080',
    system: 'made-up data',
    endpoints,
    totals,
    judged: judgedPart('normal-login', scaledShape('normal-login', { scale: 0.1, timeScale: 1 })),
    verdicts: verdictsOf(endpoints, totals, { isClusterWatched: true, thresholdsMet: true }),
    objectives: objectivesOf(endpoints),
    intervals,
    samples,
  };
}

function total(intervals: readonly RequestInterval[], name: string): EndpointResult {
  const each = intervals.flatMap(({ endpoints }) => (endpoints[name] === undefined ? [] : [endpoints[name]]));
  const requests = each.reduce((sum, interval) => sum + interval.requests, 0);
  const mean = (key: 'p50Ms' | 'p95Ms' | 'p99Ms') =>
    each.reduce((sum, interval) => sum + interval[key], 0) / each.length;
  return {
    requests,
    perSecond: requests / DURATION_SECONDS,
    failedShare: each.reduce((sum, { failed }) => sum + failed, 0) / requests,
    timeoutShare: 0,
    p50Ms: mean('p50Ms'),
    p95Ms: mean('p95Ms'),
    p99Ms: mean('p99Ms'),
    maxMs: Math.max(...each.map(({ p99Ms }) => p99Ms)),
  };
}
