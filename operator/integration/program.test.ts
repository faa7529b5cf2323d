import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../../dev/eventually.ts';
import { OtlpReceiver } from '../../dev/otlp-receiver.ts';
import type { ReceivedSpan } from '../../dev/otlp-spans.ts';
import { accessTo } from './harness/control-plane.ts';
import { Life } from './harness/life.ts';
import { OperatorProgram } from './harness/operator-program.ts';
import { sharedControlPlane } from './harness/shared-control-plane.ts';
import { Workloads } from './harness/workloads.ts';

const TIMEOUT_MS = 120_000;

const plane = sharedControlPlane();
const life = new Life(plane, new Workloads(accessTo(plane, 'admin')));
let receiver: OtlpReceiver;
let program: OperatorProgram;

beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  await life.begin({});
  program = await OperatorProgram.start(plane, {
    WATCH_NAMESPACES: life.namespace,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: '100',
  });
});
afterAll(async () => {
  await program?.stop();
  await receiver?.stop();
  await life.end();
});

/** Of the first look at the AuthCluster that made its Secrets and objects. */
async function firstTrace(): Promise<ReceivedSpan[]> {
  return eventually(async () => {
    const { spans } = receiver;
    const applied = spans.find((span) => span.attributes.get('url.path')?.endsWith('/statefulsets/acme-postgres'));
    const trace = spans.filter(({ traceId }) => traceId === applied?.traceId);
    if (!trace.some(({ name }) => name === 'reconcile')) throw new Error(`no whole trace yet\n${program.log}`);
    return trace;
  }, TIMEOUT_MS);
}

test('a look at an AuthCluster is a tree of spans, down to the calls, and holds no secret', async () => {
  const spans = await firstTrace();
  const parentOf = (span: ReceivedSpan | undefined) => spans.find(({ spanId }) => spanId === span?.parentSpanId)?.name;
  const root = spans.find(({ name }) => name === 'reconcile');
  expect(root?.attributes.get('authcluster')).toBe(`${life.namespace}/acme`);
  const calling = (suffix: string) => spans.find((span) => span.attributes.get('url.path')?.endsWith(suffix));
  expect(parentOf(spans.find(({ name }) => name === 'apply'))).toBe('reconcile');
  expect(parentOf(calling('/statefulsets/acme-postgres'))).toBe('apply');
  expect(parentOf(calling('/authclusters/acme/status'))).toBe('status');
  expect(spans.find(({ name }) => name === 'Redis topology')?.attributes.get('authcluster.tier')).toBe('cache');
  const secrets = (await life.objects('Secret')) as { data?: Record<string, string> }[];
  const values = secrets.flatMap(({ data = {} }) => Object.values(data)).filter((value) => value.length > 20);
  expect(values.length).toBeGreaterThan(0);
  const clear = values.flatMap((value) => [value, Buffer.from(value, 'base64').toString('utf8')]);
  const told = [...receiver.texts, program.log].join('\n');
  expect(clear.filter((value) => told.includes(value))).toEqual([]);
});

test('answers of the API server are counted', async () => {
  await firstTrace();
  const text = await (await fetch(`http://127.0.0.1:${program.metricsPort}/metrics`)).text();
  const host = `host="127.0.0.1:${plane.port}"`;
  const count = Number(
    new RegExp(`^rest_client_requests_total\\{code="200",method="GET",${host}\\} (\\d+)`, 'm').exec(text)?.[1],
  );
  expect(count).toBeGreaterThan(20);
  expect(text).toMatch(
    new RegExp(`^rest_client_requests_total\\{code="201",method="(PATCH|POST)",${host}\\} [1-9]`, 'm'),
  );
});

test('it tells that its workers and its watches are alive', async () => {
  await firstTrace();
  const ask = async (path: string) => (await fetch(`http://127.0.0.1:${program.healthPort}${path}`)).text();
  expect([await ask('/healthz'), await ask('/readyz')]).toEqual(['[+] workers ok\n', '[+] watches ok\n']);
});

test('its log is a line of JSON for each event, with the AuthCluster that it is about', async () => {
  await life.change({ api: { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'mine', key: 'a' } } }] } });
  const line = await eventually(async () => {
    const lines = program.log.slice(0, program.log.lastIndexOf('\n')).split('\n');
    const told = lines.map((text) => JSON.parse(text)).find(({ problem }) => problem?.includes('no Secret mine'));
    if (told === undefined) throw new Error(program.log);
    return told as object;
  }, TIMEOUT_MS);
  expect(line).toMatchObject({
    ...{ service: 'authcluster-operator', level: expect.any(String), time: expect.any(String) },
    ...{ authcluster: `${life.namespace}/acme`, msg: expect.stringMatching(/^reconcile failed/) },
  });
});

test('SIGTERM ends it in order, the last spans sent', async () => {
  await firstTrace();
  expect(await program.stop()).toBe(0);
  expect(program.log).toContain('"msg":"stopped"');
});
