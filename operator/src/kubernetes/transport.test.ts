import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ApiError, TransportError } from './errors.ts';
import { createTransport, type Transport } from './transport.ts';
import { readWatchEvents } from './watch-stream.ts';

let server: http.Server;
let transport: Transport;
let answer: http.RequestListener;
let answers: [method: string, status: number | undefined][];

beforeEach(async () => {
  server = http.createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const credentials = async () => ({ headers: { authorization: 'Bearer token' } });
  answers = [];
  const url = new URL(`http://127.0.0.1:${port}/prefix`);
  transport = createTransport({ url, credentials }, (...each) => answers.push(each));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** The body the server was sent, together with the head of the request. */
function echo(): Promise<{ request: http.IncomingMessage; body: string }> {
  return new Promise((resolve) => {
    answer = async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      response.end('{}');
      resolve({ request, body });
    };
  });
}

describe('the transport', () => {
  test('sends what builders write as it is: a NetworkPolicy keeps its from', async () => {
    const received = echo();
    const policy = { kind: 'NetworkPolicy', spec: { ingress: [{ from: [{ podSelector: {} }] }] } };
    await transport.send({ method: 'PATCH', path: '/apis/x', query: { force: 'true' }, body: policy });
    const { request, body } = await received;
    expect(request.url).toBe('/prefix/apis/x?force=true');
    expect(request.headers.authorization).toBe('Bearer token');
    expect(JSON.parse(body)).toEqual(policy);
  });

  test('turns a refusal into an error that knows its reason', async () => {
    answer = (_request, response) => response.writeHead(403).end('{"reason":"Forbidden","message":"no"}');
    const error = await transport.send({ method: 'GET', path: '/x' }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 403, reason: 'Forbidden' });
  });

  test('tells how each exchange ended', async () => {
    const statuses = [201, 404];
    answer = (request, response) => {
      const status = statuses.shift();
      if (status === undefined) request.destroy();
      else response.writeHead(status).end('{}');
    };
    await transport.send({ method: 'POST', path: '/x', body: {} });
    await transport.send({ method: 'GET', path: '/x' }).catch(() => undefined);
    await transport.send({ method: 'DELETE', path: '/x' }).catch(() => undefined);
    expect(answers.filter(([, status]) => status !== undefined)).toEqual([
      ['POST', 201],
      ['GET', 404],
    ]);
    expect(answers).toContainEqual(['DELETE', undefined]);
  });

  test('gives up when no answer comes in time', async () => {
    answer = () => undefined;
    const sent = transport.send({ method: 'GET', path: '/x', timeoutMs: 30 });
    await expect(sent).rejects.toThrow('no answer within 30 ms');
  });

  test('gives up when the answer breaks off', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{');
      setTimeout(() => response.destroy(), 10);
    };
    await expect(transport.send({ method: 'GET', path: '/x' })).rejects.toThrow(TransportError);
  });

  test('opens a new connection when the kept one turns out to be closed', async () => {
    let connections = 0;
    let requests = 0;
    server.on('connection', () => {
      connections += 1;
    });
    // The second request meets a reset, as from an API server that was restarted.
    answer = (request, response) => {
      requests += 1;
      if (requests === 2) request.socket.resetAndDestroy();
      else response.end('{}');
    };
    await transport.send({ method: 'GET', path: '/x' });
    expect(await transport.send({ method: 'GET', path: '/x' })).toEqual({});
    expect(connections).toBe(2);
  });

  test('streams a watch line by line until it is aborted', async () => {
    answer = (_request, response) =>
      response.write('{"type":"ADDED","object":{"n":1}}\n{"type":"ADDED","object":{"n":2}}\n');
    const stop = new AbortController();
    const stream = await transport.stream({ method: 'GET', path: '/x', query: { watch: '1' }, signal: stop.signal });
    const seen: unknown[] = [];
    const following = (async () => {
      for await (const event of readWatchEvents<object>(stream)) {
        if (seen.push(event.object) === 2) stop.abort();
      }
    })();
    await expect(following).rejects.toThrow();
    expect(seen).toEqual([{ n: 1 }, { n: 2 }]);
  });
});
