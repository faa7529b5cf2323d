import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { AccessTokens, TokenClaims } from '../domain/ports/tokens.ts';
import { Metrics } from '../observability/metrics.ts';
import { portOf } from '../testing/fakes.ts';
import { createHotPath, type HotPathOptions } from './hot-path.ts';

const holder = { userId: 'ada', sessionId: 's', roles: ['reader'] } as unknown as TokenClaims;

let isLive: () => boolean | Promise<boolean>;

/** One session, of somebody who may read orders. */
const ports = portOf<HotPathOptions['ports']>({
  accessTokens: portOf<AccessTokens>({ verify: (token) => (token === 'good' ? holder : undefined) }),
  liveSessions: { isLive: () => isLive() },
  clock: { nowMs: () => 0 },
  views: { grants: async () => ({ roles: ['reader'], permissions: ['orders.read'] }) },
});

let server: Server;
let metrics: Metrics;
let closed: Promise<unknown>;
beforeEach(async () => {
  isLive = () => true;
  metrics = new Metrics();
  const hotPath = createHotPath({ ports, metrics, failureLog: () => {}, requestLog: () => {} });
  server = createServer((request, response) => {
    closed = once(response, 'close');
    if (!hotPath(request, response)) response.writeHead(404).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => void server.close());

async function ask(path: string, { method = 'GET', token = 'good', headers = {} } = {}) {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  return fetch(url, { method, headers: { authorization: `Bearer ${token}`, ...headers } });
}

describe('a check', () => {
  test.each([
    ['GET', '/verify'],
    ['GET', '/verify/'],
    ['GET', '/verify/orders/7?page=2'],
    ['POST', '/verify/orders'],
    ['DELETE', '/verify/orders/7'],
    ['HEAD', '/verify/orders/7'],
  ])('%s %s tells who it is', async (method, path) => {
    const { status, headers } = await ask(path, { method });
    expect([status, headers.get('x-auth-user'), headers.get('x-auth-roles')]).toEqual([200, 'ada', 'reader']);
    expect((await ask(path, { method, token: 'bad' })).status).toBe(401);
  });

  test('whose client left before it was answered is counted as that', async () => {
    const client = new AbortController();
    const looking = Promise.withResolvers<void>();
    const found = Promise.withResolvers<boolean>();
    isLive = () => {
      looking.resolve();
      return found.promise;
    };
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/verify`;
    const asked = fetch(url, { headers: { authorization: 'Bearer good' }, signal: client.signal });
    await looking.promise;
    client.abort();
    await expect(asked).rejects.toThrow();
    await closed;
    found.resolve(true);
    await setImmediate();
    const codes = (await metrics.registry.metrics()).match(/^http_requests_total.* [1-9]\d*$/gm);
    expect(codes).toEqual(['http_requests_total{operation="verify",code="499"} 1']);
  });

  test.each(['/verifyx', '/v1/me', '/'])('is not at %s', async (path) => {
    expect((await ask(path)).status).toBe(404);
  });
});

describe('a permission asked for', () => {
  test.each([
    ['one that is held', '/verify?permission=orders.read', 200],
    ['one that is not', '/verify?permission=orders.write', 403],
    ['one of each', '/verify?permission=orders.read&permission=orders.write', 403],
    ['none', '/verify?permission=', 403],
  ])('by query: %s', async (_, path, status) => {
    expect((await ask(path)).status).toBe(status);
  });

  test.each(['/verify/share?permission=orders.write', '/verify/?permission=orders.write'])(
    'is not the parameter of an application: %s',
    async (path) => {
      expect((await ask(path)).status).toBe(200);
    },
  );

  test.each([
    ['one that is held', '/verify/orders?permission=x', 'orders.read', 200],
    ['one that is not', '/verify/orders?permission=orders.read', 'orders.write', 403],
    ['one of each', '/verify/orders', 'orders.read, orders.write', 403],
    ['the same twice', '/verify/orders', 'orders.read,orders.read', 200],
    ['none', '/verify/orders', '', 403],
    ['more than the query asks for', '/verify?permission=orders.read', 'orders.write', 403],
    ['less than the query asks for', '/verify?permission=orders.write', 'orders.read', 403],
  ])('by header: %s', async (_, path, permission, status) => {
    expect((await ask(path, { headers: { 'x-auth-permission': permission } })).status).toBe(status);
  });
});
