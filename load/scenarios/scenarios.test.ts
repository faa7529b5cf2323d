import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { mergedSummary } from '../src/distributed/merged-summary.ts';
import { endpointResults } from '../src/run/judgement.ts';
import { runK6 } from '../src/run/k6.ts';
import { RequestSeries } from '../src/run/request-series.ts';
import { seedUsers } from '../src/run/seed-users.ts';
import { type FakeAuthApiOptions, seedOptions, startFakeAuthApi } from '../src/testing/fake-auth-api.ts';
import { SCENARIOS, type ScenarioName, scaledShape, stormTimetable } from './scenario-shapes.ts';
import type { K6Summary } from './summary.ts';

/** Runs a scenario shrunk against an API in memory. */
async function played(
  name: ScenarioName,
  scale: number,
  timeScale: number,
  { rampDown = 0, ...options }: FakeAuthApiOptions & { rampDown?: number } = {},
) {
  const api = await startFakeAuthApi(options);
  try {
    const { users } = scaledShape(name, { scale, timeScale });
    await seedUsers(seedOptions(api, users));
    const seedAnswers = new Map(api.answers);
    const summaryFile = join(await mkdtemp(join(tmpdir(), 'load-')), 'summary.json');
    const startedAtMs = Date.now();
    const scales = { SCALE: `${scale}`, TIME_SCALE: `${timeScale}`, RAMP_DOWN: `${rampDown}` };
    const environment = { BASE_URL: api.url, PASSWORD_SEED: 'test', ...scales, SUMMARY_FILE: summaryFile };
    const series = new RequestSeries(startedAtMs, 1);
    const { thresholdsMet } = await runK6(name, environment, { onPoint: (line) => series.add(line) });
    const answered = (answer: string) => (api.answers.get(answer) ?? 0) - (seedAnswers.get(answer) ?? 0);
    const { metrics } = JSON.parse(await readFile(summaryFile, 'utf8')) as K6Summary;
    return { api, answered, metrics, thresholdsMet, startedAtMs, users, intervals: series.intervals() };
  } finally {
    await api.close();
  }
}

const k6IsThere = spawnSync('k6', ['version']).status === 0;

(k6IsThere ? describe : describe.skip)('against an API in memory', () => {
  test('normal-login: users log in, work, refresh when due, and log out', async () => {
    const { api, answered, metrics, users } = await played('normal-login', 0.002, 0.005);
    const logins = answered('POST /v1/login 200');
    expect(logins).toBeGreaterThan(users);
    expect(answered('POST /v1/logout 204')).toBe(logins);
    expect(answered('GET /v1/me 200')).toBe(logins);
    expect(answered('GET /verify 200')).toBeGreaterThan(5 * users);
    expect(answered('POST /v1/refresh 200')).toBeGreaterThan(0);
    expect(metrics.login_success?.values.rate).toBe(1);
    expect(metrics.http_req_failed?.values.rate).toBe(0);
    // As for the runners of a distributed run, of which there is one here.
    expect(endpointResults(mergedSummary([{ metrics }]))).toEqual(endpointResults({ metrics }));
    expect(metrics.vus_max?.values.max).toBe(users);
    // A /48 of its own for each.
    expect(api.addresses.size).toBe(users);
  });

  test('normal-login: users leave one by one at its end, where that is asked for, and log out before', async () => {
    const { answered, metrics, users, intervals } = await played('normal-login', 0.002, 0.006, { rampDown: 0.5 });
    const atWork = intervals.map((interval) => interval.users);
    expect(Math.max(...atWork)).toBe(users);
    const last = atWork.slice(Math.floor(0.85 * intervals.length)).filter((count) => count > 0);
    expect(Math.min(...last)).toBeLessThan(0.6 * users);
    expect(answered('POST /v1/logout 204')).toBe(answered('POST /v1/login 200'));
    expect(metrics.http_req_failed?.values.rate).toBe(0);
  });

  test('token-refresh-storm: everybody refreshes in the two windows, and nobody outside of them', async () => {
    const { api, answered, metrics, users, startedAtMs } = await played('token-refresh-storm', 0.0006, 0.01);
    expect(metrics.http_req_failed?.values.rate).toBe(0);
    expect(answered('POST /v1/refresh 200')).toBe(2 * users);
    const { windows } = stormTimetable(scaledShape('token-refresh-storm', { scale: 0.0006, timeScale: 0.01 }));
    const [first] = windows;
    const times = [...api.refreshTimesMs].sort((a, b) => a - b);
    const half = times.slice(0, users);
    expect((half.at(-1) ?? 0) - (half[0] ?? 0)).toBeLessThan(2000);
    const beganAtMs = metrics.scenario_start?.values.min ?? 0;
    expect(beganAtMs).toBeGreaterThanOrEqual(startedAtMs);
    expect((half[0] ?? 0) - beganAtMs).toBeGreaterThanOrEqual((first?.fromSeconds ?? 0) * 1000);
  });

  test('mixed-error: about three in ten attempts are refused, and none of them counts as failed', async () => {
    const { answered, metrics } = await played('mixed-error', 0.01, 0.004);
    const wrong = answered('POST /v1/login 401');
    const right = answered('POST /v1/login 200');
    expect(wrong / (wrong + right)).toBeGreaterThan(0.15);
    expect(wrong / (wrong + right)).toBeLessThan(0.45);
    expect(metrics.expected_refusals?.values.count).toBe(wrong);
    expect(metrics.http_req_failed?.values.rate).toBe(0);
  });

  test('a 503 is an error, and the run fails', async () => {
    const { metrics, thresholdsMet } = await played('normal-login', 0.001, 0.002, { refuseEveryLogins: 4 });
    expect(thresholdsMet).toBe(false);
    expect(metrics.http_req_failed?.values.rate).toBeGreaterThan(0);
    expect(metrics.login_success?.values.rate).toBeLessThan(1);
  });
});

describe('the shape of a scenario', () => {
  test('a storm ends when the scenario does, and each window is half a minute', () => {
    const { windows, loginEndSeconds } = stormTimetable(scaledShape('token-refresh-storm', { scale: 1, timeScale: 1 }));
    expect(loginEndSeconds).toBe(300);
    expect(windows).toEqual([
      { fromSeconds: 570, toSeconds: 600 },
      { fromSeconds: 870, toSeconds: 900 },
    ]);
    expect(windows.at(-1)?.toSeconds).toBe(SCENARIOS['token-refresh-storm'].durationSeconds);
  });

  test('there is at least one user, and scales out of range are refused by name', () => {
    expect(scaledShape('mixed-error', { scale: 0.00001, timeScale: 1 }).users).toBe(1);
    expect(() => scaledShape('mixed-error', { scale: 0, timeScale: 1 })).toThrow('SCALE must be above 0');
    expect(() => scaledShape('mixed-error', { scale: 1, timeScale: Number.NaN })).toThrow('TIME_SCALE must be above 0');
  });
});
