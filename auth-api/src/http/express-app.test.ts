import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, BlockList } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { AuditLog, PendingAuditEvent } from '../domain/audit.ts';
import { Metrics } from '../observability/metrics.ts';
import { portOf } from '../testing/fakes.ts';
import { createExpressApp } from './express-app.ts';
import type { AnsweredRequest } from './request-log.ts';
import { type ApiPorts, publicRoute } from './route.ts';

const event = portOf<PendingAuditEvent>({ about: () => {}, further: () => [] });
const audit = portOf<AuditLog>({ begin: () => event });

let metrics: Metrics;
let logged: AnsweredRequest[];
let server: Server;
let url: string;
let release: () => void;
/** That the route was asked. */
let arrived: Promise<void>;
/** That the answer has ended, or its client has left. */
let closed: Promise<unknown>;

/** Answers once it is released. */
function waitingRoute(released: Promise<void>, arrive: () => void) {
  const description = { method: 'get', path: '/wait', operation: 'wait', summary: 'Wait', answers: {} } as const;
  return publicRoute(description, async () => {
    arrive();
    await released;
    return { status: 200 };
  });
}

beforeEach(async () => {
  metrics = new Metrics();
  logged = [];
  const released = Promise.withResolvers<void>();
  const arrival = Promise.withResolvers<void>();
  release = released.resolve;
  arrived = arrival.promise;
  const app = createExpressApp({
    routes: [waitingRoute(released.promise, arrival.resolve)],
    ports: portOf<ApiPorts>({ browserOrigins: new Set<string>(), audit }),
    metrics,
    failureLog: () => {},
    requestLog: (request) => logged.push(request),
    trustedProxies: new BlockList(),
  });
  server = createServer((request, response) => {
    closed = once(response, 'close');
    app(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/wait`;
});
afterEach(() => void server.close());

const counted = async () => (await metrics.registry.metrics()).match(/^http_requests_total.* [1-9]\d*$/gm);

test('failures of an operation are there before the first of them', async () => {
  const text = await metrics.registry.metrics();
  for (const code of [500, 503]) expect(text).toContain(`http_requests_total{operation="wait",code="${code}"} 0`);
  expect(text).toContain('http_abandoned_requests_total{operation="wait"} 0');
});

test('an answer that was written is counted and logged by its status', async () => {
  release();
  await fetch(url);
  await closed;
  expect(await counted()).toEqual(['http_requests_total{operation="wait",code="200"} 1']);
  expect(logged).toMatchObject([{ operation: 'wait', status: 200, isAbandoned: false }]);
});

test('a request whose client left before it was answered is no success, whatever it would have been', async () => {
  const client = new AbortController();
  const asked = fetch(url, { signal: client.signal });
  await arrived;
  client.abort();
  await expect(asked).rejects.toThrow();
  await closed;
  release();
  await setImmediate();
  expect(await counted()).toEqual(['http_requests_total{operation="wait",code="499"} 1']);
  expect(logged).toMatchObject([{ operation: 'wait', status: 499, isAbandoned: true }]);
});
