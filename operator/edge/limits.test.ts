import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { removeContainers } from '../../dev/containers/container.ts';
import { Gateway, GatewayFiles } from './harness/gateway.ts';
import { Upstream } from './harness/upstream.ts';

/** So slow that no more than the burst and one request pass while a test runs. */
const LIMIT = { requestsPerSecond: 1, burst: 2 };
const RATE_LIMITS = { login: LIMIT, refresh: LIMIT, register: LIMIT, verify: LIMIT, other: LIMIT };
const CALLER = '10.9.0.5';

let gateway: Gateway;
let api: Upstream;

beforeAll(async () => {
  const spec = { rateLimits: RATE_LIMITS, trustedProxies: ['127.0.0.0/8'], forwardAuthCallers: ['10.9.0.0/16'] };
  gateway = await Gateway.start('limits', await GatewayFiles.write(spec));
  api = await Upstream.listen(gateway.ports.api);
});
afterAll(async () => {
  await removeContainers();
  await api?.close();
});

/** How many of ten requests sent at once are refused. */
async function refused(method: string, path: string, ...from: string[]): Promise<number> {
  const requests = Array.from({ length: 10 }, (_, index) =>
    gateway.fetch(path, { method, from: from[index % from.length] ?? '' }),
  );
  const answers = await Promise.all(requests);
  return answers.filter(({ status }) => status === 429).length;
}

describe('a client network', () => {
  test.each([
    ['an IPv4 address', ['198.51.100.1']],
    ['a /24 of IPv4', ['198.51.101.1', '198.51.101.200']],
    ['a /64 of IPv6', ['2001:db8:0:1::1', '2001:db8:0:1:ffff::2']],
    ['an IPv4 address in the form of IPv6', ['::ffff:198.51.102.1', '198.51.102.9']],
  ])('is %s', async (_, addresses) => {
    expect(await refused('GET', '/v1/me', ...addresses)).toBeGreaterThanOrEqual(6);
  });

  test.each([
    ['IPv4', Array.from({ length: 10 }, (_, index) => `198.51.${index}.1`)],
    ['IPv6', Array.from({ length: 10 }, (_, index) => `2001:db8:1:${index}::1`)],
    ['IPv4 in the form of IPv6', Array.from({ length: 10 }, (_, index) => `::ffff:192.0.${index}.1`)],
  ])('of %s does not use up the limit of another', async (_, addresses) => {
    expect(await refused('GET', '/v1/me', ...addresses)).toBe(0);
  });
});

describe('each class of routes', () => {
  test.each([
    ['POST', '/v1/login', '/v1/login/mfa'],
    ['POST', '/v1/login/', '/v1/step-up'],
    ['POST', '/v1/refresh', '/V1/Refresh'],
    ['POST', '/v1/users', '/v1/users?x=1'],
    ['POST', '/v1/password-reset', '/v1/Password-Reset/confirm/'],
    ['POST', '/v1/me/email/verification', '/v1/me/email/verification/confirm'],
    ['GET', '/verify', '/verify/of/envoy'],
    ['POST', '/oauth/introspect', '/v1/authorize'],
    ['GET', '/v1/me', '/v1/sessions'],
  ])('has a limit of its own: %s %s, however it is spelled', async (method, path, alias) => {
    const from = `203.0.${path.length}.${method.length}`;
    const first = await refused(method, path, from);
    expect(first).toBeGreaterThanOrEqual(6);
    expect(await refused(method, alias, from)).toBeGreaterThanOrEqual(first);
  });

  test('leaves the others open when it is used up', async () => {
    const from = '192.0.2.1';
    expect(await refused('POST', '/v1/login', from)).toBeGreaterThanOrEqual(6);
    expect((await gateway.fetch('/verify', { from })).status).toBe(200);
    expect((await gateway.fetch('/v1/users', { method: 'POST', from })).status).toBe(200);
  });
});

describe('beyond a limit', () => {
  test('the answer says when to come back, and is counted', async () => {
    await refused('GET', '/v1/me', '192.0.3.1');
    const response = await gateway.fetch('/v1/me', { from: '192.0.3.1' });
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(response.headers.get('x-request-id')).toBeTruthy();
    expect(await response.json()).toMatchObject({ title: 'Too Many Requests', status: 429 });
    expect(await gateway.operations('/metrics')).toMatch(/^gateway_rejected_requests_total\{route="other"\} \d+$/m);
  });
});

describe('without a limit', () => {
  test('load balancers ask for health', async () => {
    expect(await refused('GET', '/health', '192.0.4.1')).toBe(0);
  });

  test('declared forward-auth callers ask for others, and do nothing else', async () => {
    expect(await refused('GET', '/verify', CALLER)).toBe(0);
    expect(await refused('POST', '/v1/authorize', CALLER)).toBe(0);
    expect(await refused('POST', '/v1/login', CALLER)).toBeGreaterThanOrEqual(6);
  });
});
