import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { CLASSES } from './rate-limits.ts';

/** nginx runs it; only a real one tells whether njs takes it (operator/edge/requests.test.ts). */
const SCRIPT = '../../../../images/gateway/metrics.js';

interface Request {
  status?: number;
  variables: Readonly<Record<string, string>>;
}

interface Script {
  count(request: Request): string;
  show(request: object): Promise<void>;
}

const { default: script } = (await import(SCRIPT)) as { default: Script };

beforeEach(() => {
  const counters = new Map<string, number>();
  const incr = (key: string, by: number) => counters.set(key, (counters.get(key) ?? 0) + by);
  const shared = { counters: { incr, keys: () => [...counters.keys()], get: (key: string) => counters.get(key) } };
  Object.assign(globalThis, { ngx: { shared } });
});
afterEach(() => {
  Reflect.deleteProperty(globalThis, 'ngx');
});

const answered = (route: string, status: number, seconds: number, weight = 1) =>
  script.count({ status, variables: { route, request_time: String(seconds), weight: String(weight) } });

/** Values of a counter, by its labels. */
async function shown(name: string): Promise<Record<string, number>> {
  let text = '';
  await script.show({
    variables: {},
    headersOut: {},
    subrequest: async () => ({ responseText: 'server accepts handled requests\n 1 1 1 \n' }),
    return: (_: number, body: string) => {
      text = body;
    },
  });
  const lines = [...text.matchAll(new RegExp(`^${name}\\{(.*)\\} (\\S+)$`, 'gm'))];
  return Object.fromEntries(lines.map(([, labels, value]) => [labels, Number(value)]));
}

test('what a client gave up after a wait is counted, for each class from the start', async () => {
  const none = Object.fromEntries(CLASSES.map((route) => [`route="${route}"`, 0]));
  expect(await shown('gateway_abandoned_requests_total')).toEqual(none);
  answered('login', 499, 2.9);
  answered('login', 499, 30);
  answered('login', 499, 2.5);
  answered('login', 200, 30);
  answered('login', 504, 30);
  expect(await shown('gateway_abandoned_requests_total')).toEqual({ ...none, 'route="login"': 2 });
});

test('each failure that a gateway can answer with is there before the first of it', async () => {
  const failures = [500, 502, 503, 504];
  const none = CLASSES.flatMap((route) => failures.map((code) => [`route="${route}",code="${code}"`, 0]));
  expect(await shown('gateway_requests_total')).toEqual(Object.fromEntries(none));
  answered('login', 502, 0.1);
  answered('login', 502, 0.2);
  answered('verify', 200, 0.1);
  expect(await shown('gateway_requests_total')).toEqual({
    ...Object.fromEntries(none),
    'route="login",code="502"': 2,
    'route="verify",code="200"': 1,
  });
});

test('a request that was drawn for others stands for them', async () => {
  answered('verify', 200, 0.004, 16);
  answered('verify', 200, 0.002);
  expect(await shown('gateway_requests_total')).toMatchObject({ 'route="verify",code="200"': 17 });
  expect(await shown('gateway_request_duration_seconds_count')).toEqual({ 'route="verify"': 17 });
  const sum = (await shown('gateway_request_duration_seconds_sum'))['route="verify"'];
  expect(sum).toBeCloseTo(16 * 0.004 + 0.002);
});
