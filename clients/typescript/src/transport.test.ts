import { describe, expect, test } from '@jest/globals';
import { createAuthClient } from './auth-client.ts';
import { retryAfterSeconds } from './problem.ts';
import { fakeService, json, problem } from './testing/fake-service.ts';

const busy = (retryAfter: string, status = 503) => problem(status, 'overloaded', { 'retry-after': retryAfter });

function clientOf(answers: (() => Response)[]) {
  const service = fakeService(() => (answers.shift() ?? (() => json({})))());
  return { ...service, client: createAuthClient({ baseUrl: 'https://auth.example.com', fetch: service.fetch }) };
}

describe('who is told to come back later', () => {
  test.each([429, 503])('comes back after %d where the call changes nothing by that', async (status) => {
    const { client, received } = clientOf([() => busy('0', status), () => json({ id: 'ada' })]);
    expect(await client.me()).toEqual({ id: 'ada' });
    expect(received).toHaveLength(2);
  });

  test('comes back twice by default, and then has the problem', async () => {
    const { client, received } = clientOf([() => busy('0'), () => busy('0'), () => busy('0')]);
    await expect(client.me()).rejects.toMatchObject({ status: 503, retryAfterSeconds: 0 });
    expect(received).toHaveLength(3);
  });

  test('has the problem at once where that is a long time, or is not said', async () => {
    const long = clientOf([() => busy('3600')]);
    await expect(long.client.me()).rejects.toMatchObject({ retryAfterSeconds: 3600 });
    const silent = clientOf([() => problem(503, 'unavailable')]);
    await expect(silent.client.me()).rejects.toMatchObject({ retryAfterSeconds: undefined });
    expect([long.received.length, silent.received.length]).toEqual([1, 1]);
  });

  test('does not come back with what could be done twice, unless a key says that it is the same', async () => {
    const body = { username: 'ada', password: 'a password of fifteen letters' };
    const without = clientOf([() => busy('0')]);
    await expect(without.client.request('POST', '/v1/users', { body })).rejects.toMatchObject({ status: 503 });
    const keyed = clientOf([() => busy('0'), () => json({ id: 'ada' }, 201)]);
    const headers = { 'Idempotency-Key': 'one' };
    expect(await keyed.client.request('POST', '/v1/users', { body, headers })).toMatchObject({ status: 201 });
    expect([without.received.length, keyed.received.length]).toEqual([1, 2]);
  });

  test('waits no longer than the caller does', async () => {
    const { client } = clientOf([() => busy('9')]);
    const impatient = new AbortController();
    const call = expect(client.me({ signal: impatient.signal })).rejects.toBe('enough');
    await new Promise(setImmediate);
    impatient.abort('enough');
    await call;
  });
});

test('a service that does not answer is given up', async () => {
  const silent: typeof fetch = (_, init) =>
    new Promise((_resolve, reject) => {
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
    });
  const client = createAuthClient({ baseUrl: 'https://auth.example.com', fetch: silent, timeoutMs: 10 });
  await expect(client.me()).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('what something between has answered is a problem of no type', async () => {
  const answer = () => new Response('<h1>Bad gateway</h1>', { status: 502, statusText: 'Bad Gateway' });
  const { client } = clientOf([answer]);
  await expect(client.me()).rejects.toMatchObject({ status: 502, type: 'about:blank', message: 'Bad Gateway' });
});

test('Retry-After is read as seconds and as a date', () => {
  const nowMs = Date.parse('2026-01-01T00:00:00Z');
  expect(retryAfterSeconds('Thu, 01 Jan 2026 00:00:05 GMT', nowMs)).toBe(5);
  expect(retryAfterSeconds('Wed, 31 Dec 2025 00:00:00 GMT', nowMs)).toBe(0);
  expect(retryAfterSeconds('7', nowMs)).toBe(7);
  expect(retryAfterSeconds('soon', nowMs)).toBeUndefined();
});
