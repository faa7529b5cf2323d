import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Condition, Pod } from '../kubernetes/objects.ts';
import { ApiTier } from './tier.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Pods whose every port leads to a server here, by name. */
async function tierWith(listeners: Readonly<Record<string, RequestListener>>, now = Date.now): Promise<ApiTier> {
  const ports: Record<string, number> = {};
  for (const [name, listener] of Object.entries(listeners)) {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    ports[name] = (server.address() as AddressInfo).port;
  }
  const dialer = {
    reach: async ({ name }: { name: string }) => ({
      host: '127.0.0.1',
      port: ports[name] ?? 1,
      close: () => undefined,
    }),
  };
  return new ApiTier({ dialer, now, randomBytes: (count) => Buffer.alloc(count, 7) });
}

function pod(name: string, over: object = {}): Pod {
  const metadata = { name, namespace: 'auth', uid: name, resourceVersion: '1', ...over };
  const conditions: Condition[] = [{ type: 'Ready', status: 'True' }];
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: {}, status: { podIP: '10.0.0.1', conditions } };
}

const healthy: RequestListener = ({ url }, response) => {
  const status = { '/health': 200, '/v1/login': 401, '/metrics': 200 }[url ?? ''] ?? 404;
  response.writeHead(status).end(url === '/metrics' ? 'http_requests_total{operation="verify",code="200"} 3\n' : '');
};
const withoutDatabase: RequestListener = (request, response) => {
  if (request.url === '/v1/login') response.writeHead(503).end();
  else healthy(request, response);
};

describe('the check of new pods', () => {
  test('is passed by pods that answer and decide a login', async () => {
    const tier = await tierWith({ a: healthy, b: healthy });
    expect(await tier.check('n/x', [pod('a'), pod('b')])).toEqual({ kind: 'passed' });
  });

  test('is failed by one that cannot decide a login, and says so', async () => {
    const tier = await tierWith({ a: healthy, b: withoutDatabase });
    const message = 'POST /v1/login of b answered 503 to an unknown user';
    expect(await tier.check('n/x', [pod('a'), pod('b')])).toEqual({ kind: 'failed', message });
  });

  test('is failed by one that does not answer, and by none at all', async () => {
    const tier = await tierWith({ a: healthy });
    expect(await tier.check('n/x', [pod('a'), pod('gone')])).toMatchObject({ kind: 'failed' });
    expect(await tier.check('n/x', [])).toMatchObject({ kind: 'failed' });
  });

  test('has each pod decide a few logins, and no more however often it is asked', async () => {
    let logins = 0;
    const counting: RequestListener = (request, response) => {
      if (request.url === '/v1/login') logins += 1;
      healthy(request, response);
    };
    const tier = await tierWith({ a: counting, b: counting });
    for (let time = 0; time < 5; time += 1) await tier.check('n/x', [pod('a'), pod('b')]);
    expect(logins).toBe(6);
  });

  test('does not ask pods that are leaving or were evicted', async () => {
    const tier = await tierWith({ a: healthy, b: withoutDatabase });
    const leaving = pod('b', { deletionTimestamp: '2026-01-01T00:00:00Z' });
    const evicted = { ...pod('b'), status: { phase: 'Failed', podIP: '10.0.0.1' } };
    expect(await tier.check('n/x', [pod('a'), leaving, evicted])).toEqual({ kind: 'passed' });
  });
});

describe('the traffic of pods', () => {
  test('is that of all of them', async () => {
    const tier = await tierWith({ a: healthy, b: healthy });
    expect(await tier.traffic([pod('a'), pod('b')])).toMatchObject({ requests: 6 });
  });

  test('is that of those that tell: one that is down keeps the others from no verdict', async () => {
    const tier = await tierWith({ a: healthy });
    expect(await tier.traffic([pod('a'), pod('gone')])).toMatchObject({ requests: 3 });
    expect(await tier.traffic([pod('gone')])).toBeUndefined();
    expect(await tier.traffic([])).toBeUndefined();
  });

  test('is that of ready ones alone', async () => {
    const tier = await tierWith({ a: healthy, b: healthy });
    const starting = { ...pod('b'), status: { podIP: '10.0.0.1' } };
    expect(await tier.traffic([pod('a'), starting])).toMatchObject({ requests: 3 });
  });
});

describe('what new pods are compared with', () => {
  /** A pod that has answered so many requests more each time that it is asked. */
  const busy = (each: number): RequestListener => {
    let requests = 0;
    return (_request, response) => {
      requests += each;
      response.end(`http_requests_total{operation="verify",code="200"} ${requests}\n`);
    };
  };

  test('is what the pods before them have answered lately, and what they themselves had already', async () => {
    let nowMs = 0;
    const tier = await tierWith({ before: busy(100), next: busy(3) }, () => nowMs);
    expect(await tier.measure('n/x', [pod('before')])).toBe(true);
    nowMs = 10_000;
    const baseline = await tier.baseline('n/x', [pod('next')], [pod('before')], 20);
    expect(baseline).toMatchObject({ candidate: { requests: 3 }, former: { requests: 100 } });
  });

  test('is not known before all of the new pods have told', async () => {
    let nowMs = 0;
    const tier = await tierWith({ before: busy(100), next: busy(3) }, () => nowMs);
    await tier.measure('n/x', [pod('before')]);
    nowMs = 10_000;
    expect(await tier.baseline('n/x', [pod('next'), pod('gone')], [pod('before')], 20)).toBe('measuring');
  });

  test('takes a while to be known, and is not where nobody tells', async () => {
    const tier = await tierWith({ before: busy(1), next: busy(1) });
    expect(await tier.baseline('n/x', [pod('next')], [pod('before')], 20)).toBe('measuring');
    expect(await tier.baseline('n/x', [pod('next')], [pod('gone')], 20)).toBeUndefined();
    expect(await tier.baseline('n/x', [pod('gone')], [pod('before')], 20)).toBeUndefined();
  });
});

describe('pods that have lost the traffic', () => {
  test('are told with the token that they know, and those that do not listen are named', async () => {
    const obedient: RequestListener = ({ url, method, headers }, response) => {
      const known = method === 'POST' && url === '/stand-by' && headers.authorization === 'Bearer token';
      response.writeHead(known ? 204 : 401).end();
    };
    const tier = await tierWith({ a: obedient, b: healthy });
    expect(await tier.standBy([pod('a'), pod('b'), pod('gone')], 'token')).toEqual(['b', 'gone']);
    expect(await tier.standBy([pod('a')], 'another')).toEqual(['a']);
  });
});

describe('the signing keys of pods', () => {
  const keyed: RequestListener = (_, response) => {
    response.end('auth_signing_key_info{kid="a",status="active"} 1\n');
  };

  test('are told by each of them', async () => {
    const tier = await tierWith({ a: keyed, b: keyed });
    const keys = new Map([['a', 'active']]);
    expect(await tier.signingKeys([pod('a'), pod('b')])).toEqual([keys, keys]);
  });

  test('are not known while one does not answer, or tells nothing of keys', async () => {
    const tier = await tierWith({ a: keyed, old: healthy });
    expect(await tier.signingKeys([pod('a'), pod('gone')])).toBeUndefined();
    expect(await tier.signingKeys([pod('a'), pod('old')])).toBeUndefined();
  });
});
