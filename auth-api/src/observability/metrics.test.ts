import { expect, test } from '@jest/globals';
import { CircuitBreaker } from '../resilience/circuit-breaker.ts';
import { observeLogins, observeSigningKeys } from './credential-metrics.ts';
import { Metrics } from './metrics.ts';
import { observePopulation, type Population } from './population-metrics.ts';

test('durations and answers are counted by operation', async () => {
  const metrics = new Metrics();
  const count = metrics.answers('verify');
  count(200, 0.01);
  count(200, 0.011);
  metrics.answers('verify')(401, 9);
  const text = await metrics.registry.metrics();
  expect(text).toContain(`# TYPE auth_duration_seconds histogram
auth_duration_seconds_bucket{le="0.01",operation="verify"} 1
auth_duration_seconds_bucket{le="0.025",operation="verify"} 2
auth_duration_seconds_bucket{le="0.05",operation="verify"} 2
auth_duration_seconds_bucket{le="0.1",operation="verify"} 2
auth_duration_seconds_bucket{le="0.25",operation="verify"} 2
auth_duration_seconds_bucket{le="0.5",operation="verify"} 2
auth_duration_seconds_bucket{le="1",operation="verify"} 2
auth_duration_seconds_bucket{le="2.5",operation="verify"} 2
auth_duration_seconds_bucket{le="+Inf",operation="verify"} 3
auth_duration_seconds_sum{operation="verify"} 9.021
auth_duration_seconds_count{operation="verify"} 3
`);
  expect(text).toContain('http_requests_total{operation="verify",code="200"} 2');
  expect(text).toContain('http_requests_total{operation="verify",code="401"} 1');
});

test('a client that waited and left was abandoned; one that left at once had reasons of its own', async () => {
  const metrics = new Metrics();
  const count = metrics.answers('login');
  count(499, 2.5);
  count(200, 9);
  expect(await metrics.registry.metrics()).toContain('http_abandoned_requests_total{operation="login"} 0');
  count(499, 2.9);
  expect(await metrics.registry.metrics()).toContain('http_abandoned_requests_total{operation="login"} 1');
});

test('the last traced answer of a bucket says where to find it, in the one format that has room for that', async () => {
  const traced = (metrics: Metrics) => {
    metrics.answers('login')(200, 0.2, 'a1');
    metrics.answers('login')(200, 0.21, 'a2');
    metrics.answers('login')(401, 0.02);
    return metrics.registry.metrics();
  };
  const text = await traced(new Metrics({ format: 'openmetrics' }));
  expect(text).toMatch(
    /^auth_duration_seconds_bucket\{le="0.25",operation="login"\} 3 # \{trace_id="a2"\} 0.21 [\d.]+$/m,
  );
  expect(text).toContain('auth_duration_seconds_bucket{le="0.025",operation="login"} 1\n');
  expect(text).toContain('http_requests_total{operation="login",code="200"} 2');
  expect(text).toMatch(/# EOF\n$/);
  expect(await traced(new Metrics())).not.toContain('trace_id');
});

test('hashing leads to the trace of what asked for it, in the one format that has room for that', async () => {
  const traced = (metrics: Metrics) => {
    metrics.hashed({ kind: 'verify', waitMs: 3, runMs: 200, traceId: 'a1' });
    metrics.hashed({ kind: 'verify', waitMs: 3, runMs: 20 });
    return metrics.registry.metrics();
  };
  const bucket = (phase: string, le: string) =>
    `password_hashing_seconds_bucket{le="${le}",kind="verify",phase="${phase}"}`;
  const lines = (await traced(new Metrics({ format: 'openmetrics' }))).split('\n');
  const lineOf = (start: string) => lines.find((line) => line.startsWith(start));
  expect(lineOf(bucket('run', '0.25'))).toMatch(/\} 2 # \{trace_id="a1"\} 0.2 [\d.]+$/);
  expect(lineOf(bucket('wait', '0.01'))).toMatch(/\} 2 # \{trace_id="a1"\} 0.003 [\d.]+$/);
  expect(lineOf(bucket('run', '0.025'))).toMatch(/\} 1$/);
  const plain = await traced(new Metrics());
  expect(plain).toContain(`${bucket('run', '0.25')} 2\n`);
  expect(plain).not.toContain('trace_id');
});

test('both formats have metrics of the same names', async () => {
  const names = (text: string) => text.split('\n').flatMap((line) => line.match(/^[a-z_]+/)?.[0] ?? []);
  const metrics = { plain: new Metrics(), open: new Metrics({ format: 'openmetrics' }) };
  for (const { answers } of Object.values(metrics).map((each) => ({ answers: each.answers('login') }))) answers(200, 1);
  const plain = await metrics.plain.registry.metrics();
  expect(new Set(names(await metrics.open.registry.metrics()))).toEqual(new Set(names(plain)));
});

test('logins are there from the start, each kind of refusal with 0', async () => {
  const metrics = new Metrics();
  metrics.authenticated('none');
  const text = await metrics.registry.metrics();
  expect(text).toContain('auth_requests_total{status="success",error_type="none"} 1');
  expect(text).toContain('auth_requests_total{status="failure",error_type="user_not_found"} 0');
  expect(text).toContain('auth_requests_total{status="failure",error_type="overloaded"} 0');
  expect(text).toContain('auth_requests_total{status="failure",error_type="connections_short"} 0');
  expect(text).toContain('auth_requests_total{status="failure",error_type="event_loop_late"} 0');
  expect(text).toContain('auth_requests_total{status="failure",error_type="invalid_password"} 0');
});

test('keys are told as they are now', async () => {
  const metrics = new Metrics();
  const createdAt = new Date(1_700_000_000_000);
  let states = [{ kid: 'a', status: 'active' as 'active' | 'retired', createdAt }];
  observeSigningKeys(metrics.registry, () => states);
  expect(await metrics.registry.metrics()).toContain('auth_signing_key_info{kid="a",status="active"} 1');
  states = [
    { kid: 'b', status: 'active', createdAt },
    { kid: 'a', status: 'retired', createdAt },
  ];
  const lines = (await metrics.registry.metrics())
    .split('\n')
    .filter((line) => line.startsWith('auth_signing_key_info'));
  expect(lines).toEqual([
    'auth_signing_key_info{kid="b",status="active"} 1',
    'auth_signing_key_info{kid="a",status="retired"} 1',
  ]);
  expect(await metrics.registry.metrics()).toContain(
    'auth_signing_key_created_timestamp_seconds{kid="a",status="retired"} 1700000000',
  );
});

test('logins are told as they are now', async () => {
  const metrics = new Metrics();
  let fingerprint = 'a';
  observeLogins(metrics.registry, () => new Map([['postgres', fingerprint]]));
  expect(await metrics.registry.metrics()).toContain('auth_login_info{dependency="postgres",fingerprint="a"} 1');
  fingerprint = 'b';
  const lines = (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('auth_login'));
  expect(lines).toEqual(['auth_login_info{dependency="postgres",fingerprint="b"} 1']);
});

test('lookups are counted by cache and result', async () => {
  const metrics = new Metrics();
  metrics.lookedUp('session', 'hit');
  metrics.lookedUp('session', 'hit');
  for (const _ of ['first scrape', 'second scrape']) {
    const text = await metrics.registry.metrics();
    expect(text).toContain('cache_operations_total{operation="get_session",result="hit"} 2');
    expect(text).toContain('cache_operations_total{operation="get_user_profile",result="miss"} 0');
  }
});

test('a breaker shows its state and its calls', async () => {
  const metrics = new Metrics();
  const breaker = new CircuitBreaker({ name: 'redis', minimumCalls: 1, nowMs: () => 0 });
  metrics.observeBreaker(() => breaker.snapshot());
  await breaker.execute(() => Promise.reject(new Error('down'))).catch(() => {});
  const text = await metrics.registry.metrics();
  expect(text).toContain('circuit_breaker_state{dependency="redis",state="closed"} 0');
  expect(text).toContain('circuit_breaker_state{dependency="redis",state="open"} 1');
  expect(text).toContain('circuit_breaker_calls_total{dependency="redis",result="failed"} 1');
  expect(text).toContain('circuit_breaker_failure_rate{dependency="redis"} 1');
  expect(text).toContain('circuit_breaker_requests_total{dependency="redis"} 1');
  expect(text).toContain('circuit_breaker_success_rate{dependency="redis"} 0');
  const change = 'dependency="redis",place="1",from="closed",to="open"';
  expect(text).toContain(`circuit_breaker_state_change_timestamp_seconds{${change}} 0`);
});

test('the population is shown once it is known', async () => {
  const metrics = new Metrics();
  let population: Population | undefined;
  observePopulation(metrics.registry, () => population);
  expect(await metrics.registry.metrics()).not.toMatch(/^active_sessions /m);
  population = { activeSessions: 7, waitingMails: 0, legacyHashes: undefined };
  expect(await metrics.registry.metrics()).toMatch(/^active_sessions 7$/m);
  expect(await metrics.registry.metrics()).not.toMatch(/^legacy_password_hashes /m);
});
