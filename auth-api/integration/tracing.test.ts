import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../../dev/eventually.ts';
import { OtlpReceiver } from '../../dev/otlp-receiver.ts';
import type { ReceivedSpan } from '../../dev/otlp-spans.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Client, newCredentials } from './harness/client.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

let receiver: OtlpReceiver;
let api: ApiProcess;
let client: Client;
beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  // Nothing but what a caller traces.
  api = await ApiProcess.start(tracingEnvironment(receiver, '0'));
  client = new Client(api.url);
});
afterAll(async () => {
  await api?.stop();
  await receiver?.stop();
});

/** As the operator sets it, which leaves the protocol to OpenTelemetry's default: protobuf over HTTP. */
function tracingEnvironment({ url }: OtlpReceiver, samplingRatio: string) {
  return {
    ...serveEnvironment(runningStack()),
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20of%20the%20collector',
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: samplingRatio,
    OTEL_BSP_SCHEDULE_DELAY: '100',
  };
}

/** Sends a request in a trace of ours, and waits for the spans of it. */
async function traced(method: string, path: string, body: object | undefined, names: readonly string[]) {
  const traceId = randomBytes(16).toString('hex');
  const callerId = randomBytes(8).toString('hex');
  const headers = { traceparent: `00-${traceId}-${callerId}-01` };
  const { status } = await client.send(method, path, { ...(body === undefined ? {} : { body }), headers });
  const spans = await eventually(async () => {
    const own = receiver.spans.filter((span) => span.traceId === traceId);
    const missing = names.filter((name) => !own.some((span) => span.name === name));
    if (missing.length > 0) throw new Error(`no span ${missing} among ${own.map(({ name }) => name)}`);
    return own;
  });
  const named = (name: string) => spans.find((span) => span.name === name) as ReceivedSpan;
  const parentName = (span: ReceivedSpan) => spans.find(({ spanId }) => spanId === span.parentSpanId)?.name;
  return { traceId, callerId, status, spans, named, parentName };
}

const loginSpans = ['POST /v1/login', 'authenticate', 'get_user', 'verify_password', 'create_session'];

test('a login is a tree of spans under the caller’s, down to the statements', async () => {
  const credentials = newCredentials();
  await client.register(credentials);
  const { status, callerId, spans, named, parentName } = await traced('POST', '/v1/login', credentials, loginSpans);
  expect(status).toBe(200);
  expect(named('POST /v1/login').parentSpanId).toBe(callerId);
  expect(named('authenticate').attributes.get('auth.outcome')).toBe('loggedIn');
  for (const name of ['get_user', 'verify_password', 'create_session']) {
    expect([name, parentName(named(name))]).toEqual([name, 'authenticate']);
  }
  const underGetUser = spans.filter((span) => parentName(span) === 'get_user').map(({ name }) => name);
  expect(underGetUser.some((name) => name.startsWith('pg'))).toBe(true);
  expect(spans.filter((span) => span.attributes.get('db.system.name') === 'redis')).not.toEqual([]);
});

test('its duration leads to its trace, and so does that of the hashing for it', async () => {
  const { traceId } = await traced('POST', '/v1/login', newCredentials(), ['POST /v1/login']);
  const metrics = await fetch(`${api.opsUrl}/metrics`);
  expect(metrics.headers.get('content-type')).toContain('application/openmetrics-text');
  const text = await metrics.text();
  const exemplar = `\\d+ # \\{trace_id="${traceId}"\\}`;
  expect(text).toMatch(new RegExp(`^auth_duration_seconds_bucket\\{le="[^"]+",operation="login"\\} ${exemplar}`, 'm'));
  for (const phase of ['wait', 'run']) {
    const labels = `le="[^"]+",kind="verify",phase="${phase}"`;
    expect(text).toMatch(new RegExp(`^password_hashing_seconds_bucket\\{${labels}\\} ${exemplar}`, 'm'));
  }
});

test('a refusal says why, and the log has the ids of the trace', async () => {
  const names = ['POST /v1/login', 'authenticate', 'verify_password'];
  const { traceId, named, spans } = await traced('POST', '/v1/login', newCredentials(), names);
  expect(named('authenticate').attributes.get('auth.outcome')).toBe('user_not_found');
  expect(named('verify_password').attributes.get('auth.outcome')).toBe('mismatched');
  expect(spans.map(({ name }) => name)).not.toContain('create_session');
  const line = api.log.find((text) => text.includes(traceId) && text.includes('"answered"'));
  expect(JSON.parse(line ?? '{}')).toMatchObject({ operation: 'login', status: 401, trace_id: traceId });
});

test('no name, password or token is sent, only a hash of the name that is the same each time', async () => {
  const credentials = newCredentials();
  await client.register(credentials);
  const first = await traced('POST', '/v1/login', credentials, loginSpans);
  const second = await traced('POST', '/v1/login', { ...credentials, password: 'wrong' }, ['authenticate']);
  const hash = first.named('authenticate').attributes.get('user.hash');
  expect(hash).toMatch(/^[\w-]{43}$/);
  expect(second.named('authenticate').attributes.get('user.hash')).toBe(hash);
  await client.send('GET', `/v1/admin/users?username_prefix=${credentials.username}`);
  await traced('POST', '/v1/login', newCredentials(), ['authenticate', 'POST /v1/login']);
  const sent = receiver.texts.join('\n');
  expect(sent).not.toContain(credentials.username);
  expect(sent).not.toContain(credentials.password);
});

test('a check is a span where its caller’s trace is recorded, and else leaves none', async () => {
  const traceparent = `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-00`;
  const checks = Array.from({ length: 20 }, () => client.send('GET', '/verify', { headers: { traceparent } }));
  expect((await Promise.all(checks)).map(({ status }) => status)).toEqual(checks.map(() => 401));
  const { callerId, spans } = await traced('GET', '/verify', undefined, ['GET']);
  expect(spans.map(({ parentSpanId }) => parentSpanId)).toEqual([callerId]);
  expect(receiver.spans.filter(({ traceId }) => traceparent.includes(traceId))).toEqual([]);
});

test('of checks that nobody traces most leave no span even where everything is traced', async () => {
  const collector = await OtlpReceiver.start();
  const tracing = await ApiProcess.start(tracingEnvironment(collector, '1'));
  try {
    const other = new Client(tracing.url);
    for (let sent = 0; sent < 300; sent += 10) {
      await Promise.all(Array.from({ length: 10 }, () => other.send('GET', '/verify')));
    }
    await other.send('GET', '/v1/me');
    // Sent later than the checks: those that were traced are there by then.
    await eventually(async () => expect(collector.spans.map(({ name }) => name)).toContain('GET /v1/me'));
    const checks = collector.spans.filter(({ name }) => name === 'GET');
    expect(checks.length).toBeLessThan(30);
  } finally {
    await tracing.stop();
    await collector.stop();
  }
});

test('what nobody traces is left out where the share to trace is 0, and the collector gets its headers', async () => {
  await client.send('POST', '/v1/login', { body: newCredentials() });
  // Sent later than that: were it traced, its spans would be there.
  const { traceId } = await traced('POST', '/v1/login', newCredentials(), ['authenticate']);
  const others = receiver.spans.filter((span) => span.traceId !== traceId && span.parentSpanId === undefined);
  expect(others).toEqual([]);
  expect(new Set(receiver.authorizations)).toEqual(new Set(['Bearer of the collector']));
});
