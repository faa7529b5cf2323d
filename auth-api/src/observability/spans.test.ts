import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { trace } from '@opentelemetry/api';
import { tracing } from '@opentelemetry/sdk-node';
import { OpenTelemetrySpans } from './spans.ts';

const exporter = new tracing.InMemorySpanExporter();
const provider = new tracing.BasicTracerProvider({ spanProcessors: [new tracing.SimpleSpanProcessor(exporter)] });
trace.setGlobalTracerProvider(provider);
beforeEach(() => exporter.reset());
afterAll(() => trace.disable());

const spansWith = (key: string) => new OpenTelemetrySpans(() => Buffer.from(key));

test('what fails is recorded with its exception, and fails all the same', async () => {
  const failing = spansWith('key').run('get_user', () => Promise.reject(new TypeError('no such thing')));
  await expect(failing).rejects.toThrow('no such thing');
  const [span] = exporter.getFinishedSpans();
  expect(span).toMatchObject({ name: 'get_user', status: { code: 2 }, events: [{ name: 'exception' }] });
});

test('a name is recorded as a hash that needs the key, an outcome as it is', async () => {
  for (const key of ['one', 'one', 'other']) {
    await spansWith(key).run('authenticate', async () => 7, { username: 'ada', outcome: (result) => `got ${result}` });
  }
  const spans = exporter.getFinishedSpans();
  const [first, second, other] = spans.map(({ attributes }) => attributes['user.hash']);
  expect([first === second, first === other]).toEqual([true, false]);
  expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.toContain('ada');
  expect(spans[0]?.attributes['auth.outcome']).toBe('got 7');
});
