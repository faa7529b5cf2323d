import { describe, expect, test } from '@jest/globals';
import type { K6Summary } from '../../scenarios/summary.ts';
import { looksWithin } from './judged-part.ts';
import { endpointResults, totalsOf } from './judgement.ts';
import { tierSamples } from './kubernetes-observer.ts';
import { parsePrometheusText, sumOf } from './prometheus-text.ts';
import { coresOf, mebibytesOf } from './quantities.ts';
import { RequestSeries } from './request-series.ts';
import { parseRunOptions } from './run-options.ts';
import { apiSample, type Sample } from './samples.ts';
import { isFailure, objectivesOf, verdictsOf } from './verdicts.ts';

const metricsText = `# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 12.5

process_resident_memory_bytes 104857600
postgres_pool_primary{state="total"} 8
postgres_pool_primary{state="idle"} 5
password_hashing{state="busy"} 2
password_hashing{state="queued"} 3
cache_operations_total{operation="get_session",result="hit"} 90
cache_operations_total{operation="get_user_basic",result="hit"} 5
cache_operations_total{operation="get_session",result="miss"} 10
cache_operations_total{operation="get_session",result="bypass"} 1
cache_operations_total{operation="get_session_data",result="hit"} 6
cache_operations_total{operation="get_session_data",result="miss"} 4
cache_operations_total{operation="get_session_data",result="bypass"} 1
odd{text="a \\"quoted\\" } name, with=signs"} +Inf 1700000000000
`;

describe('metrics of the API', () => {
  test('are read from the text format, quotes and braces in labels too', () => {
    const samples = parsePrometheusText(metricsText);
    expect(samples).toHaveLength(14);
    expect(samples.at(-1)).toEqual({ name: 'odd', labels: { text: 'a "quoted" } name, with=signs' }, value: Infinity });
    expect(sumOf(samples, 'cache_operations_total', { result: 'hit' })).toBe(101);
    expect(sumOf(samples, 'nothing')).toBeUndefined();
  });

  test('add up over pods, and say nothing about what a pod does not expose', () => {
    const pod = parsePrometheusText(metricsText);
    const sample = apiSample([pod, pod]);
    expect(sample).toMatchObject({
      pods: 2,
      cpuSeconds: 25,
      memoryMib: 200,
      activeWriteConnections: 6,
      cacheHits: 202,
      cacheMisses: 10,
      memoryHits: 180,
      memoryMisses: 22,
    });
    expect(sample).not.toHaveProperty('activeReadConnections');
    expect(sample).not.toHaveProperty('queries');
  });
});

describe('what Kubernetes says', () => {
  test('is read in its quantities', () => {
    expect([coresOf('250m'), coresOf('2'), coresOf('1500000n')]).toEqual([0.25, 2, 0.0015]);
    expect([mebibytesOf('512Mi'), mebibytesOf('1024Ki')]).toEqual([512, 1]);
    expect(() => coresOf('2 cores')).toThrow('2 cores is no quantity');
  });

  test('adds up by component; a limit only where every container has one', () => {
    const pod = (name: string, component: string, cpu?: string) => ({
      metadata: { name, labels: { 'app.kubernetes.io/component': component } },
      status: { phase: 'Running' },
      spec: { containers: [{ resources: { limits: cpu === undefined ? {} : { cpu } } }] },
    });
    const usage = (name: string) => ({ metadata: { name }, containers: [{ usage: { cpu: '500m', memory: '100Mi' } }] });
    const pods = [pod('a', 'auth-api', '2'), pod('b', 'auth-api', '2'), pod('c', 'redis')];
    expect(tierSamples(pods, ['a', 'b', 'c'].map(usage))).toEqual({
      'auth-api': { pods: 2, cpuCores: 1, memoryMib: 200, limitCores: 4 },
      redis: { pods: 1, cpuCores: 0.5, memoryMib: 100 },
    });
  });
});

describe('requests over time', () => {
  const line = (metric: string, second: number, value: number, name = 'login', status = '200') =>
    JSON.stringify({
      metric,
      type: 'Point',
      data: { time: new Date(second * 1000).toISOString(), value, tags: { name, status } },
    });

  test('fall into intervals by endpoint, and all together', () => {
    const series = new RequestSeries(0, 10);
    for (let at = 0; at < 100; at += 1) series.add(line('http_req_duration', 12, at + 1));
    series.add(line('http_req_duration', 13, 1000, 'verify'));
    series.add(line('http_req_failed', 13, 1, 'verify'));
    series.add(line('vus', 14, 7));
    series.add(line('iterations', 14, 7));
    series.add('{"type":"Metric","data":{},"metric":"http_req_duration"}');
    const [empty, interval] = series.intervals();
    expect(empty?.endpoints).toEqual({});
    expect(interval).toMatchObject({ atSeconds: 10, seconds: 10, users: 7 });
    expect(interval?.endpoints.login).toEqual({ requests: 100, failed: 0, p50Ms: 51, p95Ms: 96, p99Ms: 100 });
    expect(interval?.endpoints.verify).toMatchObject({ requests: 1, failed: 1 });
    expect(interval?.endpoints.all?.requests).toBe(101);
  });

  test('have as many users as before where nothing was told of them', () => {
    const series = new RequestSeries(0, 1);
    for (const at of [0, 1, 2]) series.add(line('http_req_duration', at, 5));
    series.add(line('vus', 0, 7));
    series.add(line('vus', 2, 8));
    expect(series.intervals().map(({ users }) => users)).toEqual([7, 7, 8]);
  });

  test('tell logins that were hashed from those turned away before', () => {
    const series = new RequestSeries(0, 10);
    for (const status of ['200', '401', '429', '503', '0'])
      series.add(line('http_req_duration', 1, 5, 'login', status));
    series.add(line('http_req_failed', 1, 0, 'login'));
    series.add(line('http_req_duration', 1, 5, 'verify'));
    expect(series.intervals()).toMatchObject([{ hashedLogins: 2, endpoints: { login: { requests: 5 } } }]);
  });
});

describe('the judgement', () => {
  const summary = (p95: number, failed: number): K6Summary => ({
    metrics: {
      http_req_duration: { values: { count: 1000, med: 20, 'p(95)': p95, 'p(99)': p95, max: 900 } },
      'http_req_duration{name:login}': { values: { count: 10, med: 200, 'p(95)': 300, 'p(99)': 400, max: 900 } },
      http_reqs: { values: { rate: 10 } },
      http_req_failed: { values: { rate: failed } },
      timeouts: { values: { rate: 0 } },
      login_success: { values: { rate: 1, passes: 10, fails: 0 } },
    },
  });
  const sample = (atSeconds: number, cpuSeconds: number, pods = 1): Sample => ({
    atSeconds,
    api: { pods, cpuSeconds, memoryMib: 100 * pods, cacheHits: cpuSeconds * 95, cacheMisses: cpuSeconds * 5 },
    tiers: { 'auth-api': { pods, cpuCores: 9, memoryMib: 1, limitCores: 2 } },
  });
  const judged = (k6: K6Summary, samples: Sample[], { isClusterWatched = false, thresholdsMet = true } = {}) => {
    const totals = totalsOf(k6, [looksWithin(samples, { fromSeconds: 20, toSeconds: 95 })]);
    return { totals, verdicts: verdictsOf(endpointResults(k6), totals, { isClusterWatched, thresholdsMet }) };
  };

  test('takes CPU and caches from counters of the part that is judged', () => {
    const samples = [sample(0, 0), sample(30, 30), sample(40, 42), sample(50, 54), sample(99, 500)];
    const { totals, verdicts } = judged(summary(100, 0), samples);
    expect(totals).toMatchObject({ apiCpuCores: 1.2, apiCpuShareOfLimit: 0.6, cacheHitShare: 0.95 });
    expect(verdicts.every(({ kind }) => kind === 'met')).toBe(true);
  });

  test('leaves out steps in which a pod came or went with its counters', () => {
    const { totals } = judged(summary(100, 0), [sample(30, 30), sample(40, 42), sample(50, 5, 2), sample(60, 29, 2)]);
    expect(totals.apiCpuCores).toBeCloseTo((12 + 24) / 20, 9);
  });

  test('does not take misses that a pod took along for hits', () => {
    const counted = (atSeconds: number, pods: number, cacheHits: number, cacheMisses: number): Sample => ({
      atSeconds,
      api: { pods, cpuSeconds: 1, memoryMib: 100, cacheHits, cacheMisses },
    });
    // Of one that answers 80 %, beside one that has just come and is gone at the third look.
    const samples = [
      counted(30, 2, 800, 200),
      counted(40, 2, 880, 260),
      counted(50, 1, 960, 240),
      counted(60, 1, 1040, 260),
    ];
    expect(judged(summary(100, 0), samples).totals.cacheHitShare).toBeCloseTo(160 / (160 + 80), 9);
  });

  test('says what was missed, by how much, and what could not be measured', () => {
    const { verdicts } = judged(summary(612, 0.002), []);
    expect(verdicts.filter(({ kind }) => kind === 'missed')).toEqual([
      { kind: 'missed', what: 'p95 of all requests', limit: 'below 500 ms', value: '612 ms' },
      { kind: 'missed', what: 'errors', limit: 'below 0.1 %', value: '0.2 %' },
    ]);
    expect(verdicts.filter(({ kind }) => kind === 'notMeasured').map(({ what }) => what)).toEqual([
      'CPU of the auth API, of its limit',
      'cache hits',
    ]);
  });

  test('fails where a cluster was watched, and its CPU and caches were not seen', () => {
    const failures = (isClusterWatched: boolean) =>
      judged(summary(100, 0), [], { isClusterWatched }).verdicts.filter(isFailure);
    expect(failures(true)).toMatchObject([
      { what: 'CPU of the auth API, of its limit', needs: expect.stringMatching(/^metrics-server/) },
      { what: 'cache hits', needs: expect.stringMatching(/pods\/portforward/) },
    ]);
    expect(failures(false)).toEqual([]);
  });

  test('fails where no request was made at all', () => {
    const { verdicts } = judged({ metrics: {} }, []);
    expect(verdicts.filter(isFailure).map(({ kind }) => kind)).toEqual(new Array(6).fill('notMeasured'));
  });

  test('fails where limits turned most log-ins away, which is no error of mixed-error', () => {
    const { metrics } = summary(100, 0);
    const letIn = (login_success: object) =>
      judged({ metrics: { ...metrics, ...login_success } }, []).verdicts.filter(isFailure);
    expect(letIn({ login_success: { values: { rate: 1, passes: 7, fails: 0 } } })).toEqual([]);
    const what = 'logins that brought tokens';
    expect(letIn({ login_success: { values: { rate: 1, passes: 2, fails: 0 } } })).toEqual([
      { kind: 'missed', what, limit: 'above 50 %', value: '20 %' },
    ]);
    expect(letIn({ login_success: undefined })).toMatchObject([{ what, value: '0 %' }]);
  });

  test('fails where k6 says that the scenario missed a threshold, and says so once', () => {
    const missed = (failed: number) =>
      judged(summary(100, failed), [], { thresholdsMet: false }).verdicts.filter(({ kind }) => kind === 'missed');
    expect(missed(0)).toMatchObject([{ what: 'thresholds of the scenario in k6' }]);
    expect(missed(0.5)).toMatchObject([{ what: 'errors' }]);
  });
});

describe('errors by endpoint', () => {
  const endpoint = (requests: number, failed: number, p99Ms = 9) => ({
    ...{ requests, perSecond: 1, failedShare: failed / requests, timeoutShare: 0 },
    ...{ p50Ms: 1, p95Ms: 2, p99Ms, maxMs: 9 },
  });
  const circumstances = { isClusterWatched: false, thresholdsMet: true };
  const missed = (endpoints: Record<string, ReturnType<typeof endpoint>>) =>
    verdictsOf(endpoints, { mostUsers: 1, expectedRefusals: 0 }, circumstances).filter(isFailure);

  test('are not hidden by the many requests of another', () => {
    const endpoints = { login: endpoint(4275, 10), verify: endpoint(40_108, 0), all: endpoint(52_000, 10) };
    expect(missed(endpoints)).toEqual([
      { kind: 'missed', what: 'errors of login', limit: 'below 0.1 %', value: '10 of 4275, 0.234 %' },
    ]);
  });

  test.each([
    [1000, 1, true],
    [1001, 1, false],
    [999, 1, false],
    [999, 2, true],
    [1, 1, false],
  ])('of %d requests, of which %d failed, are missed: %j', (requests, failed, isMissed) => {
    const found = missed({ refresh: endpoint(requests, failed), login: endpoint(9999, 0), all: endpoint(99_999, 1) });
    expect(found.map(({ what }) => what)).toEqual(isMissed ? ['errors of refresh'] : []);
  });

  test('the objective of checks is shown beside', () => {
    expect(objectivesOf({ verify: endpoint(9, 0, 70) })).toEqual([
      { kind: 'missed', what: 'SLO verify-latency: p99 of verify', limit: 'below 50 ms', value: '70 ms' },
    ]);
    expect(objectivesOf({})).toMatchObject([{ kind: 'notMeasured' }]);
  });
});

describe('what a run is told', () => {
  test.each([
    [['--scenario=x'], 'scenario must be one of normal-login'],
    [['--scenario=mixed-error', '--scale=0'], 'SCALE must be above 0'],
    [['--scenario=normal-login', '--ramp-down=0.8'], 'RAMP_DOWN must be from 0 to 0.7, not 0.8'],
    [['--scenario=mixed-error', '--ramp-down=0.2'], 'RAMP_DOWN is for normal-login, not mixed-error'],
    [['--scenario=mixed-error', '--url=ftp://127.0.0.1'], 'url must be an http or https address'],
    [['--scenario=mixed-error', '--url=http://192.0.2.1'], 'add --allow-remote if that service is yours'],
    [['--scenario=mixed-error', '--hash-algorithm=md5'], 'hash-algorithm must be bcrypt or argon2id, not md5'],
    [['--scenario=mixed-error', '--hash-algorithm=argon2id', '--hash-cost=10'], 'hash-cost must be at least 11 with'],
    [['--scenario=mixed-error', '--cluster=demo'], 'cluster must be namespace/name'],
    [['--scenario=mixed-error', '--users=some'], 'users must be one of yes, no, only, delete'],
  ])('%j is refused', (args, message) => {
    expect(() => parseRunOptions(args)).toThrow(message);
  });
});
