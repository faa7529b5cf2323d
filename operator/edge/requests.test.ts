import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { removeContainers } from '../../dev/containers/container.ts';
import { eventually } from '../../dev/eventually.ts';
import { Gateway, GatewayFiles } from './harness/gateway.ts';
import { answer, Upstream } from './harness/upstream.ts';

let gateway: Gateway;
let direct: Gateway;
let api: Upstream;
let directApi: Upstream;
let tracing: Gateway;
let tracedApi: Upstream;

beforeAll(async () => {
  // One behind a proxy on this machine, and one that no proxy stands in front of.
  gateway = await Gateway.start('requests', await GatewayFiles.write({ trustedProxies: ['127.0.0.0/8'] }));
  direct = await Gateway.start('direct', await GatewayFiles.write({}));
  const all = { tracing: { endpoint: 'http://collector:4318', samplingRatio: 1 } };
  tracing = await Gateway.start('tracing', await GatewayFiles.write({}, undefined, all));
  tracedApi = await Upstream.listen(tracing.ports.api);
  api = await Upstream.listen(gateway.ports.api);
  directApi = await Upstream.listen(direct.ports.api);
});
beforeEach(() => {
  api.handle = answer(200, '{}');
});
afterAll(async () => {
  await removeContainers();
  await Promise.all([api?.close(), directApi?.close(), tracedApi?.close()]);
});

describe('a request that passes', () => {
  test('has the address of its client, from the header of a trusted proxy only', async () => {
    await gateway.fetch('/v1/me', { from: '198.51.100.9, 203.0.113.7' });
    expect(api.last.headers['x-forwarded-for']).toBe('203.0.113.7');
    await direct.fetch('/v1/me', { from: '203.0.113.7' });
    expect(directApi.last.headers['x-forwarded-for']).toBe('127.0.0.1');
  });

  test('has the scheme of its client, from the header of a trusted proxy only', async () => {
    const headers = { 'x-forwarded-proto': 'https' };
    const secured = await gateway.fetch('/v1/me', { headers });
    expect(api.last.headers['x-forwarded-proto']).toBe('https');
    expect(secured.headers.get('strict-transport-security')).toBe('max-age=31536000');
    const plain = await direct.fetch('/v1/me', { headers });
    expect(directApi.last.headers['x-forwarded-proto']).toBe('http');
    expect(plain.headers.has('strict-transport-security')).toBe(false);
  });

  test('keeps an id that is harmless, and gets one otherwise', async () => {
    const kept = await gateway.fetch('/v1/me', { headers: { 'x-request-id': 'order-4711.a' } });
    expect(kept.headers.get('x-request-id')).toBe('order-4711.a');
    expect(api.last.headers['x-request-id']).toBe('order-4711.a');
    const replaced = await gateway.fetch('/v1/me', { headers: { 'x-request-id': '"quoted" and long' } });
    expect(replaced.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(api.last.headers['x-request-id']).toBe(replaced.headers.get('x-request-id'));
  });

  test('keeps its trace', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await gateway.fetch('/v1/me', { headers: { traceparent, tracestate: 'vendor=x' } });
    expect(api.last.headers).toMatchObject({ traceparent, tracestate: 'vendor=x' });
  });

  test('begins a trace where the API is traced and the client brings none', async () => {
    const begun = new Set<string>();
    for (const brought of [undefined, 'made up']) {
      const headers = brought === undefined ? {} : { traceparent: brought, tracestate: 'vendor=x' };
      await tracing.fetch('/v1/me', { headers });
      expect(tracedApi.last.headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      expect(tracedApi.last.headers).not.toHaveProperty('tracestate');
      begun.add(`${tracedApi.last.headers.traceparent}`.split('-')[1] ?? '');
    }
    expect(begun.size).toBe(2);
    await eventually(async () => {
      const logged = (await tracing.accessLog()).map(({ trace_id }) => trace_id);
      expect(logged).toEqual(expect.arrayContaining([...begun]));
    });
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';
    await tracing.fetch('/v1/me', { headers: { traceparent } });
    expect(tracedApi.last.headers.traceparent).toBe(traceparent);
  });

  test('begins no trace where nobody takes it', async () => {
    await gateway.fetch('/v1/me');
    expect(api.last.headers).not.toHaveProperty('traceparent');
  });

  test('is logged as JSON with its ids, without query, header or body', async () => {
    const traceparent = '00-11112222333344445555666677778888-00f067aa0ba902b7-01';
    const headers = {
      traceparent,
      authorization: 'Bearer hidden-1',
      cookie: 'a=hidden-2',
      'x-request-id': 'logged-id',
    };
    await gateway.fetch('/v1/users?token=hidden-3', { method: 'POST', body: 'hidden-4', headers });
    const line = await eventually(async () => {
      const found = (await gateway.accessLog()).find(({ request_id }) => request_id === 'logged-id');
      if (found === undefined) throw new Error('not logged yet');
      return found;
    });
    expect(line).toMatchObject({
      ...{ method: 'POST', path: '/v1/users', route: 'register', status: 200 },
      ...{ trace_id: '11112222333344445555666677778888', limit: 'PASSED' },
    });
    expect(JSON.stringify(line)).not.toContain('hidden');
  });
});

describe('a path behind /verify/, as Envoy asks with it', () => {
  test.each([
    '/verify/..%2fopenapi.json',
    '/verify/files/..%2f..%2f.well-known/jwks.json',
    '/verify/..%2fhealth',
    '/verify//x/..%2f..%2fv1/admin/users/import',
  ])('is no way to another route: %s', async (path) => {
    for (const document of ['/openapi.json', '/.well-known/jwks.json']) {
      api.handle = answer(200, '{}', { 'cache-control': 'public, max-age=240' });
      await gateway.fetch(document);
    }
    api.handle = answer(401, '');
    expect((await gateway.fetch(`${path}?permission=mine`)).status).toBe(401);
    expect(api.last.url).toBe('/verify/?permission=mine');
    expect(await gateway.operations('/metrics')).toMatch(/^gateway_requests_total\{route="verify",code="401"\} \d+$/m);
  });
});

describe('an answer', () => {
  test('has the security headers once, whatever the API sends', async () => {
    api.handle = answer(200, '{}', { 'x-content-type-options': 'none', 'x-frame-options': 'ALLOWALL' });
    const { headers } = await gateway.fetch('/v1/me');
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    });
    expect(headers.has('server') && headers.get('server')).toBe('nginx');
  });

  test('may bring a content security policy of its own', async () => {
    api.handle = answer(200, '', { 'content-security-policy': "default-src 'self'" });
    expect((await gateway.fetch('/')).headers.get('content-security-policy')).toBe("default-src 'self'");
  });

  test('of the API passes as it is, a refusal too', async () => {
    api.handle = answer(403, '{"title":"no"}', { 'content-type': 'application/problem+json' });
    const response = await gateway.fetch('/v1/admin/users');
    expect([response.status, await response.text()]).toEqual([403, '{"title":"no"}']);
  });

  test('of the gateway itself is problem details', async () => {
    const response = await gateway.fetch('/v1/me', { method: 'PATCH', body: 'x'.repeat(1_048_577) });
    expect(response.status).toBe(413);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toEqual({ type: 'about:blank', title: 'Content Too Large', status: 413 });
  });
});

test.each([
  [400, '/..%2f..%2fv1/me'],
  [414, `/v1/${'x'.repeat(70_000)}`],
])('a path that is none is answered %i, as problem details', async (status, path) => {
  const response = await gateway.fetch(path);
  expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
});

describe('a connection to the API that breaks', () => {
  const breakOnce = () => {
    let broken = false;
    api.handle = (request, response) => {
      if (broken) return answer(200, 'second')(request, response);
      broken = true;
      request.socket.destroy();
    };
    return api.asked.length;
  };

  test.each(['GET', 'DELETE', 'PUT'])('is tried again for %s', async (method) => {
    const before = breakOnce();
    const response = await gateway.fetch('/v1/sessions', { method });
    expect([response.status, await response.text()]).toEqual([200, 'second']);
    expect(api.asked.length - before).toBe(2);
  });

  test.each(['POST', 'PATCH'])('is not tried again for %s, which may have been carried out', async (method) => {
    const before = breakOnce();
    const response = await gateway.fetch('/v1/me', { method, body: '{}' });
    expect(response.status).toBe(502);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(api.asked.length - before).toBe(1);
  });

  test('is not the rule: requests share kept connections', async () => {
    const ports = new Set<number | undefined>();
    api.handle = (request, response) => {
      ports.add(request.socket.remotePort);
      answer(200, '{}')(request, response);
    };
    for (let sent = 0; sent < 20; sent++) await gateway.fetch('/v1/me');
    // Each of the two workers keeps connections of its own, for three seconds each.
    expect(ports.size).toBeLessThanOrEqual(6);
  });
});

test('an import passes as it comes, however long it is', async () => {
  const body = new TransformStream<Uint8Array>();
  const writer = body.writable.getWriter();
  const path = '/v1/admin/users/import?from_line=2';
  const sent = gateway.fetch(path, { method: 'POST', body: body.readable, duplex: 'half' } as RequestInit);
  await writer.write(new Uint8Array(1000));
  await eventually(async () => expect(api.last.url).toBe(path));
  for (let part = 0; part < 20; part += 1) await writer.write(new Uint8Array(100_000));
  await writer.close();
  expect((await sent).status).toBe(200);
});

test('a body that does not come is not waited for: the connection is closed', async () => {
  const started = performance.now();
  const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{')) });
  const sent = gateway.fetch('/v1/login', { method: 'POST', body, duplex: 'half' } as RequestInit);
  await expect(sent).rejects.toThrow('fetch failed');
  expect(performance.now() - started).toBeLessThan(15_000);
});

describe('metrics', () => {
  test('count requests by class and status, and not what a client made up', async () => {
    await gateway.fetch('/v1/refresh', { method: 'POST' });
    await gateway.fetch('/verify/made-up?x=made-up');
    const text = await gateway.operations('/metrics');
    expect(text).toMatch(/^gateway_requests_total\{route="refresh",code="200"\} \d+$/m);
    expect(text).toMatch(/^gateway_requests_total\{route="verify",code="200"\} \d+$/m);
    expect(text).toMatch(/^gateway_request_duration_seconds_bucket\{route="refresh",le="\+Inf"\} \d+$/m);
    expect(text).toMatch(/^nginx_connections_active \d+$/m);
    expect(text).toMatch(/^nginx_http_requests_total \d+$/m);
    expect(text).not.toContain('made-up');
  });

  test('count one in sixteen for sixteen, and log it, of quick checks over a connection that has brought some', async () => {
    const checks = 800;
    const before = await countedChecks();
    await checkOverOneConnection(checks);
    // Five standard deviations: 16 · √(800 · 1/16 · 15/16).
    expect(Math.abs((await countedChecks()) - before - checks)).toBeLessThan(550);
    await eventually(async () => {
      expect(await gateway.accessLog()).toContainEqual(expect.objectContaining({ route: 'verify', weight: 16 }));
    });
  });

  test('count each of the first checks over a connection, and each that is refused', async () => {
    const before = await countedChecks();
    await checkOverOneConnection(9);
    expect((await countedChecks()) - before).toBe(9);
    api.handle = answer(401, '');
    const refusedBefore = await countedChecks(401);
    await checkOverOneConnection(40);
    expect((await countedChecks(401)) - refusedBefore).toBe(40);
  });

  test('of durations add up to the requests', async () => {
    const text = await gateway.operations('/metrics');
    const sum = (pattern: RegExp) => [...text.matchAll(pattern)].reduce((total, [, count]) => total + Number(count), 0);
    expect(sum(/^gateway_request_duration_seconds_count\{.*\} (\d+)$/gm)).toBe(
      sum(/^gateway_requests_total\{.*\} (\d+)$/gm),
    );
    for (const line of text.trim().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) \S+ .+|[a-z_]+(\{.*\})? [\d.]+)$/);
  });

  test('count what its client gave up after a wait', async () => {
    api.handle = () => {};
    const asked = gateway.fetch('/v1/login', { method: 'POST', signal: AbortSignal.timeout(3_000) });
    await expect(asked).rejects.toThrow();
    await eventually(async () => {
      const text = await gateway.operations('/metrics');
      expect(text).toMatch(/^gateway_requests_total\{route="login",code="499"\} [1-9]\d*$/m);
      expect(text).toMatch(/^gateway_abandoned_requests_total\{route="login"\} [1-9]\d*$/m);
      expect(text).toMatch(/^gateway_abandoned_requests_total\{route="refresh"\} 0$/m);
    });
  });

  test('are not what clients reach', async () => {
    api.handle = answer(404, '{}');
    expect((await gateway.fetch('/metrics')).status).toBe(404);
    await expect(gateway.operations('/stub_status')).rejects.toThrow('404');
  });
});

async function countedChecks(code = 200): Promise<number> {
  const series = new RegExp(`^gateway_requests_total\\{route="verify",code="${code}"\\} (\\d+)$`, 'm');
  return Number(series.exec(await gateway.operations('/metrics'))?.[1] ?? 0);
}

/** Of as many clients, so that none is beyond its limit. */
async function checkOverOneConnection(checks: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const url = `http://127.0.0.1:${gateway.ports.plain}/verify`;
  for (let turn = 0; turn < checks; turn += 1) {
    const headers = { 'x-forwarded-for': `2001:db8:${turn.toString(16)}::1` };
    const [response] = (await once(get(url, { agent, headers }), 'response')) as [IncomingMessage];
    await once(response.resume(), 'end');
  }
  agent.destroy();
}
