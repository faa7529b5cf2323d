import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import express from 'express';
import { crossOrigin } from './cross-origin.ts';

const page = 'https://app.example.com';
let server: Server;
let url: string;
beforeAll(async () => {
  const app = express();
  app.use(crossOrigin(new Set([page])));
  app.use((_, response) => void response.status(418).json({}));
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const ask = (path: string, headers: Record<string, string>, method = 'GET') =>
  fetch(`${url}${path}`, { method, headers });
const preflight = (origin: string) => ask('/v1/me', { origin, 'access-control-request-method': 'DELETE' }, 'OPTIONS');
const ofCors = ({ headers }: Response) => [...headers.keys()].filter((name) => name.startsWith('access-control-'));

describe('a page of an allowed origin', () => {
  test('reads any answer, with the headers that it needs', async () => {
    const answer = await ask('/v1/me', { origin: page });
    expect(answer.status).toBe(418);
    expect(answer.headers.get('access-control-allow-origin')).toBe(page);
    expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
    expect(answer.headers.get('access-control-expose-headers')).toMatch(/ETag.*Retry-After/);
    expect(answer.headers.get('vary')).toBe('Origin');
  });

  test('learns before it asks how it may', async () => {
    const answer = await preflight(page);
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe(page);
    expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
    expect(answer.headers.get('access-control-allow-methods')).toContain('DELETE');
    expect(answer.headers.get('access-control-allow-headers')).toMatch(/Authorization.*If-Match.*Idempotency-Key/);
    expect(answer.headers.get('access-control-max-age')).toBe('7200');
    expect(answer.headers.get('vary')).toBe('Origin');
  });

  test('that only asks by OPTIONS is answered by the route', async () => {
    expect((await ask('/v1/me', { origin: page }, 'OPTIONS')).status).toBe(418);
  });
});

describe.each(['https://evil.example.net', 'null', `${page}.evil.example.net`, `${page}/`, '*'])(
  'a page of %s',
  (origin) => {
    test('is told nothing, and no cache gives it the answer of another', async () => {
      for (const answer of [await ask('/v1/me', { origin }), await preflight(origin)]) {
        expect(answer.status).toBe(418);
        expect(ofCors(answer)).toEqual([]);
        expect(answer.headers.get('vary')).toBe('Origin');
      }
    });
  },
);

test('who is in no browser is told nothing, but caches are', async () => {
  const answer = await ask('/v1/me', {});
  expect(ofCors(answer)).toEqual([]);
  expect(answer.headers.get('vary')).toBe('Origin');
});

test.each(['/.well-known/jwks.json', '/openapi.json'])('%s is for every page alike, without cookies', async (path) => {
  for (const headers of [{}, { origin: page }, { origin: 'https://evil.example.net' }] as Record<string, string>[]) {
    const answer = await ask(path, headers);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.has('access-control-allow-credentials')).toBe(false);
    expect(answer.headers.has('vary')).toBe(false);
  }
});
