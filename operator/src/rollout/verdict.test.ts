import { describe, expect, test } from '@jest/globals';
import { clusterWith } from '../testing/sample-clusters.ts';
import { trafficOf } from './metrics.ts';
import { since, sum, type Traffic } from './traffic.ts';
import { verdict } from './verdict.ts';

const BUDGET = clusterWith({}).spec.api.rollout.errorBudget;

function traffic(over: Partial<Traffic> = {}): Traffic {
  return { requests: 1000, errors: 0, logins: 200, failedLogins: 10, durations: {}, ...over };
}

describe('the verdict on a new revision', () => {
  test('is good where it does as well as the one before', () => {
    expect(verdict(traffic(), traffic(), BUDGET)).toBeUndefined();
  });

  test.each([
    ['errors', { errors: 11 }, '1.1 % of 1000 requests failed, before it 0.0 %'],
    ['failed logins', { failedLogins: 51 }, '25.5 % of 200 logins failed, before it 5.0 %'],
  ])('is bad for more %s than the budget has', (_what, over, sentence) => {
    expect(verdict(traffic(over), traffic(), BUDGET)).toBe(sentence);
  });

  test('is good while what fails failed as often before: clients may be at fault', () => {
    const failing = { errors: 100, failedLogins: 150 };
    expect(verdict(traffic(failing), traffic(failing), BUDGET)).toBeUndefined();
  });

  test('is not given before there were enough requests', () => {
    const few = traffic({ requests: 49, errors: 49, logins: 49, failedLogins: 49 });
    expect(verdict(few, traffic(), BUDGET)).toBeUndefined();
    expect(verdict({ ...few, requests: 50 }, traffic(), BUDGET)).toContain('98.0 % of 50 requests');
  });

  test('says nothing about logins where there were hardly any before to compare with', () => {
    const quiet = traffic({ logins: 49, failedLogins: 0 });
    expect(verdict(traffic({ failedLogins: 200 }), quiet, BUDGET)).toBeUndefined();
  });

  test('is not made of a handful of failures: they are chance', () => {
    expect(verdict(traffic({ requests: 60, errors: 4 }), traffic(), BUDGET)).toBeUndefined();
    expect(verdict(traffic({ requests: 60, errors: 5 }), traffic(), BUDGET)).toBeDefined();
  });

  test('is bad where an operation takes more than three times as long, and noticeably so', () => {
    const before = traffic({ durations: { login: { count: 100, seconds: 10 }, verify: { count: 1000, seconds: 1 } } });
    const slow = traffic({ durations: { login: { count: 100, seconds: 31 } } });
    expect(verdict(slow, before, BUDGET)).toBe('login takes 310 ms on average, before it 100 ms');
    const jittery = traffic({ durations: { verify: { count: 1000, seconds: 20 } } });
    expect(verdict(jittery, before, BUDGET)).toBeUndefined();
  });
});

describe('the traffic of pods', () => {
  test('is summed over pods and labels; probes are no traffic', () => {
    const text = [
      '# TYPE http_requests_total counter',
      'http_requests_total{operation="verify",code="200"} 10',
      'http_requests_total{operation="login",code="503"} 2',
      'http_requests_total{operation="health",code="200"} 500',
      'auth_requests_total{status="success",error_type="none"} 3',
      'auth_requests_total{status="failure",error_type="invalid_password"} 1',
      'auth_duration_seconds_bucket{le="0.01",operation="login"} 1',
      'auth_duration_seconds_sum{operation="login"} 1.5',
      'auth_duration_seconds_count{operation="login"} 4',
    ].join('\n');
    expect(sum([trafficOf(text), trafficOf(text)])).toEqual({
      requests: 24,
      errors: 4,
      logins: 8,
      failedLogins: 2,
      durations: { login: { count: 8, seconds: 3 } },
    });
  });

  test('since a moment is what came after it', () => {
    const before = traffic({ durations: { login: { count: 10, seconds: 2 } } });
    const after = traffic({ requests: 1100, durations: { login: { count: 15, seconds: 3 } } });
    const durations = { login: { count: 5, seconds: 1 } };
    expect(since(after, before)).toEqual({ requests: 100, errors: 0, logins: 0, failedLogins: 0, durations });
  });
});
