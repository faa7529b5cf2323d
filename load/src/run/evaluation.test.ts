import { availableParallelism } from 'node:os';
import { expect, test } from '@jest/globals';
import { scaledShape } from '../../scenarios/scenario-shapes.ts';
import { DEFAULT_CALIBRATION } from '../plan/calibration.ts';
import { evaluated, type PlayedRun } from './evaluation.ts';
import type { RequestInterval } from './request-series.ts';
import { parseRunOptions } from './run-options.ts';

const EVERY_SECONDS = 10;
const scales = { scale: 0.01, timeScale: 0.1 };

/** A run of three minutes with 100 checks a second, and what was seen of its caches. */
function played(caches: { memoryHits: number; memoryMisses: number; cacheHits: number }): PlayedRun {
  const shape = scaledShape('normal-login', scales);
  const times = Array.from({ length: shape.durationSeconds / EVERY_SECONDS }, (_, index) => index * EVERY_SECONDS);
  const verify = { requests: 100 * EVERY_SECONDS, failed: 0, p50Ms: 1, p95Ms: 1, p99Ms: 1 };
  return {
    options: parseRunOptions(['--scenario=normal-login']),
    shape,
    calibration: DEFAULT_CALIBRATION,
    startedAtMs: 0,
    summary: { metrics: {} },
    thresholdsMet: true,
    intervals: times.map((atSeconds): RequestInterval => {
      return { atSeconds, seconds: EVERY_SECONDS, users: 100, hashedLogins: 0, endpoints: { verify } };
    }),
    samples: times.map((atSeconds) => ({
      atSeconds,
      api: {
        ...{ pods: 1, cpuSeconds: atSeconds, memoryMib: 100, cacheMisses: 0 },
        cacheHits: caches.cacheHits * atSeconds,
        memoryHits: caches.memoryHits * atSeconds,
        memoryMisses: caches.memoryMisses * atSeconds,
      },
    })),
  };
}

test('checks that the shared tier answers are modelled as such, though they are cache hits', () => {
  const { verifyHitMs, verifyMissMs, idleMillicores } = DEFAULT_CALIBRATION.api;
  const { totals } = evaluated(played({ memoryHits: 25, memoryMisses: 75, cacheHits: 100 }));
  expect(totals).toMatchObject({ cacheHitShare: 1, memoryHitShare: 0.25 });
  const expectedMs = 25 * verifyHitMs + 75 * verifyMissMs + idleMillicores;
  expect(totals.predictedApiCpuCores).toBeCloseTo(expectedMs / 1000, 9);
});

test('log-outs are modelled as such, with what every pod does that hears of them', () => {
  const run = played({ memoryHits: 1, memoryMisses: 0, cacheHits: 1 });
  const logout = { requests: 50 * EVERY_SECONDS, failed: 0, p50Ms: 1, p95Ms: 1, p99Ms: 1 };
  const intervals = run.intervals.map((interval) => ({ ...interval, endpoints: { logout } }));
  const samples = run.samples.map((sample) => ({ ...sample, api: { pods: 3, cpuSeconds: 1, memoryMib: 100 } }));
  const { totals } = evaluated({ ...run, intervals, samples });
  const { logoutMs, logoutHeardMs, idleMillicores } = DEFAULT_CALIBRATION.api;
  const expectedMs = 50 * logoutMs + 3 * (idleMillicores + 50 * logoutHeardMs);
  expect(totals.predictedApiCpuCores).toBeCloseTo(expectedMs / 1000, 9);
});

test('tiers that were seen have their CPU, and what the model says of the same rates', () => {
  const run = played({ memoryHits: 1, memoryMisses: 0, cacheHits: 1 });
  const samples = run.samples.map((sample) => ({
    ...sample,
    tiers: { gateway: { pods: 1, cpuCores: 0.02, memoryMib: 9 } },
  }));
  const { totals } = evaluated({ ...run, samples });
  const { requestMs } = DEFAULT_CALIBRATION.gateway;
  expect(Object.keys(totals.tierCores ?? {})).toEqual(['gateway']);
  expect(totals.tierCores?.gateway?.measured).toBeCloseTo(0.02, 9);
  expect(totals.tierCores?.gateway?.predicted).toBeCloseTo((100 * requestMs) / 1000, 9);
});

test('a storm is judged by its windows, however quiet the rest of it is', () => {
  const shape = scaledShape('token-refresh-storm', { scale: 0.01, timeScale: 1 });
  const inWindow = (atSeconds: number) => [573, 873].some((from) => atSeconds > from && atSeconds <= from + 30);
  let [cpuSeconds, cacheHits, cacheMisses] = [0, 0, 0];
  const samples = Array.from({ length: 186 }, (_, look) => look * 5).map((atSeconds) => {
    const busy = inWindow(atSeconds);
    cpuSeconds += busy ? 5 * 1.9 : 0;
    cacheHits += busy ? 80 : 100;
    cacheMisses += busy ? 20 : 0;
    return {
      ...{ atSeconds, machineUtilisation: busy ? 0.95 : 0.05 },
      api: {
        ...{ pods: 2, cpuSeconds, cacheHits, cacheMisses, memoryMib: 200 },
        activeWriteConnections: busy ? 18 : 1,
      },
      tiers: { 'auth-api': { pods: 2, cpuCores: 0.1, memoryMib: 200, limitCores: 2 } },
    };
  });
  const { totals, verdicts } = evaluated({
    ...played({ memoryHits: 1, memoryMisses: 0, cacheHits: 1 }),
    ...{ options: parseRunOptions(['--scenario=token-refresh-storm']), shape, samples },
    startedAtMs: 1000,
    summary: { metrics: { scenario_start: { values: { min: 4000 } } } },
  });
  expect(totals).toMatchObject({ cacheHitShare: 0.8, mostActiveConnections: 18 });
  expect(totals.apiCpuShareOfLimit).toBeCloseTo(0.95, 9);
  expect(totals.machineUtilisation).toBeCloseTo(0.95, 9);
  expect(verdicts.filter(({ kind }) => kind === 'missed').map(({ what }) => what)).toEqual([
    'CPU of the auth API, of its limit',
    'CPU of the machine under test',
    'cache hits',
  ]);
});

test.each([
  ['http_req_failed{name:login}', 'rate<0.001', []],
  ['http_req_duration', 'p(95)<500', ['thresholds of the scenario in k6']],
])('of what k6 misses, %s is judged again where requests are few', (metric, rule, expected) => {
  const run = played({ memoryHits: 1, memoryMisses: 0, cacheHits: 1 });
  const metrics = { [metric]: { values: { rate: 0.01 }, thresholds: { [rule]: { ok: false } } } };
  const { verdicts } = evaluated({ ...run, summary: { metrics }, thresholdsMet: false });
  expect(verdicts.filter(({ kind }) => kind === 'missed').map(({ what }) => what)).toEqual(expected);
});

test('logins that were turned away are not taken for hashes', () => {
  const run = played({ memoryHits: 1, memoryMisses: 0, cacheHits: 1 });
  const login = { requests: 500, failed: 0, p50Ms: 1, p95Ms: 1, p99Ms: 1 };
  const intervals = run.intervals.map((interval) => ({ ...interval, hashedLogins: 50, endpoints: { login } }));
  const samples = run.samples.map((sample) => ({ ...sample, machineUtilisation: 0.5 }));
  const { totals } = evaluated({ ...run, intervals, samples });
  const { hashing, api } = DEFAULT_CALIBRATION;
  expect(totals.predictedApiCpuCores).toBeCloseTo(
    (5 * (hashing.bcryptMs + api.loginMs) + api.idleMillicores) / 1000,
    9,
  );
  const busyCores = 0.5 * availableParallelism();
  expect(totals.hashingShareOfMachine).toBeCloseTo((5 * hashing.bcryptMs) / 1000 / busyCores, 9);
});
