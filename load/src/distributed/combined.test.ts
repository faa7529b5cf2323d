import { expect, test } from '@jest/globals';
import { SUMMARY_LINE } from '../../scenarios/summary.ts';
import { isFailure } from '../run/verdicts.ts';
import { sampleRun } from '../testing/sample-run.ts';
import { combined } from './combined.ts';
import { mergedSummary, type RunnerSummary, runnerSummaries } from './merged-summary.ts';

function runner({
  users = 5000,
  p95 = 100,
  failedLogins = 0,
  name = 'normal-login',
  logins = 10_000,
} = {}): RunnerSummary {
  const trend = (count: number) => ({ count, med: 20, 'p(95)': p95, 'p(99)': 200, max: 900, min: 1 });
  const rate = (fails: number, of: number) => ({ values: { rate: fails / of, passes: fails, fails: of - fails } });
  return {
    scenario: { name, users: 10_000, timeScale: 1 },
    metrics: {
      http_req_duration: { values: trend(10 * logins) },
      'http_req_duration{name:login}': { values: trend(logins) },
      http_reqs: { values: { count: 10 * logins, rate: logins / 180 } },
      http_req_failed: rate(failedLogins, 10 * logins),
      'http_req_failed{name:login}': rate(failedLogins, logins),
      timeouts: rate(0, 10 * logins),
      login_success: rate(logins - failedLogins, logins),
      vus_max: { values: { value: users, min: users, max: users } },
    },
  };
}

test('requests of runners add up, and no percentile is below that of all of them', () => {
  const { metrics } = mergedSummary([runner({ p95: 100, failedLogins: 2 }), runner({ p95: 300, logins: 30_000 })]);
  expect(metrics.http_req_duration?.values).toMatchObject({ count: 400_000, 'p(95)': 300, min: 1 });
  expect(metrics['http_req_failed{name:login}']?.values.rate).toBeCloseTo(2 / 40_000, 12);
  expect(metrics.http_reqs?.values.rate).toBeCloseTo(40_000 / 180, 9);
  expect(metrics.vus_max?.values.max).toBe(10_000);
});

test('all are judged together, with the system as the run beside them saw it', () => {
  const result = combined(sampleRun(), [runner({ failedLogins: 15 }), runner()]);
  expect(result.scenario).toMatchObject({ users: 10_000, scale: 1 });
  expect(result.endpoints.login?.requests).toBe(20_000);
  expect(result.totals.cacheHitShare).toBeGreaterThan(0.9);
  // One of the two has 0.15 %.
  expect(result.verdicts.filter(isFailure)).toEqual([]);
  const failed = combined(sampleRun(), [runner({ failedLogins: 25 }), runner()]).verdicts.filter(isFailure);
  expect(failed).toMatchObject([{ what: 'errors of login', value: '25 of 20000, 0.125 %' }]);
});

test.each([
  ['no runner', [], 'no runner has said anything'],
  ['one of two', [runner()], 'summaries of 5000 of the 10000 users'],
  ['another scenario', [runner({ name: 'mixed-error' })], 'runners played mixed-error'],
])('%s is refused', (_, runners, message) => {
  expect(() => combined(sampleRun(), runners)).toThrow(message);
});

test('the windows of a storm are those of its runners', () => {
  const { scenario, ...run } = sampleRun();
  const beside = { ...run, scenario: { ...scenario, name: 'token-refresh-storm' } };
  const late = { scenario_start: { values: { min: Date.parse(run.startedAt) + 60_000 } } };
  const storm = (users: number): RunnerSummary => {
    const { metrics } = runner({ users });
    return {
      scenario: { name: 'token-refresh-storm', users: 10_000, timeScale: 1 },
      metrics: { ...metrics, ...late },
    };
  };
  const { judged } = combined(beside, [storm(5000), storm(5000)]);
  expect(judged.spans[0]).toEqual({ fromSeconds: 630, toSeconds: 660 });
});

test('summaries are found among the other lines of logs', () => {
  const said = runner();
  const log = [
    'login 5 requests',
    `${SUMMARY_LINE}${JSON.stringify(said)}`,
    `${SUMMARY_LINE}${JSON.stringify(said)}`,
    '',
  ];
  expect(runnerSummaries(log.join('\n'))).toEqual([said, said]);
});
