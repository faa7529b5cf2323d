import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { type AuthClientOptions, createAuthClient } from './auth-client.ts';
import { fakeService, json, problem, type Received, tokens } from './testing/fake-service.ts';
import { memoryStorage } from './token-storage.ts';

type Answering = (request: Received) => Response | Promise<Response>;

/** A service whose nth access token is the good one, and which gives out the next by refresh. */
function rotatingService(overrides: Record<string, Answering> = {}) {
  let good = 0;
  const service = fakeService((request) => {
    const override = overrides[request.path];
    if (override !== undefined) return override(request);
    if (request.path === '/v1/login') return json(tokens(good));
    if (request.path === '/v1/logout') return new Response(null, { status: 204 });
    if (request.path !== '/v1/refresh') {
      return request.token === `access-${good}` ? json({ id: 'ada' }) : problem(401, 'unauthenticated');
    }
    good += 1;
    return json(tokens(good));
  });
  const count = (path: string) => service.received.filter((request) => request.path === path).length;
  /** As if the access token had expired. */
  const expire = () => {
    good += 1;
  };
  return { ...service, count, expire };
}

async function loggedIn(service: { fetch: typeof fetch }, options: Partial<AuthClientOptions> = {}) {
  const client = createAuthClient({ baseUrl: 'https://auth.example.com/', fetch: service.fetch, ...options });
  await client.login({ username: 'ada', password: 'a password of fifteen letters' });
  return client;
}

describe('an access token that is refused', () => {
  test('is refreshed once for all requests that were on their way, which are then repeated', async () => {
    const service = rotatingService();
    const client = await loggedIn(service);
    service.expire();
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.me()));
    expect(answers).toEqual(Array(50).fill({ id: 'ada' }));
    expect(service.count('/v1/refresh')).toBe(1);
  });

  test('is not refreshed again for an answer that comes after the refresh', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const service = rotatingService({
      '/v1/sessions': async ({ token }) => {
        if (token === 'access-0') await held;
        return token === 'access-0' ? problem(401, 'unauthenticated') : json({ items: [], next_cursor: null });
      },
    });
    const client = await loggedIn(service);
    service.expire();
    const late = client.request('GET', '/v1/sessions');
    await client.me();
    release();
    expect((await late).body.items).toEqual([]);
    expect(service.count('/v1/refresh')).toBe(1);
  });

  test('is refreshed before it is sent where it has expired by the clock', async () => {
    const service = rotatingService({ '/v1/login': () => json(tokens(0, 0)) });
    const client = await loggedIn(service);
    await Promise.all([client.me(), client.me(), client.accessToken()]);
    expect(service.count('/v1/refresh')).toBe(1);
    expect(service.received.filter(({ path, token }) => path === '/v1/me' && token === 'access-0')).toEqual([]);
  });

  test('that is refused after the refresh as well is a problem, not a loop', async () => {
    const service = rotatingService({ '/v1/me': () => problem(401, 'unauthenticated') });
    const client = await loggedIn(service);
    await expect(client.me()).rejects.toMatchObject({ status: 401, code: 'unauthenticated' });
    expect([service.count('/v1/me'), service.count('/v1/refresh')]).toEqual([2, 1]);
  });

  test.each(['step-up-needed', 'invalid-credentials'])('is not meant by %s', async (code) => {
    const service = rotatingService({ '/v1/me': () => problem(401, code) });
    const client = await loggedIn(service);
    await expect(client.me()).rejects.toMatchObject({ code });
    expect(service.count('/v1/refresh')).toBe(0);
  });
});

describe('a refresh', () => {
  test('whose answer is lost is asked for again with the same token', async () => {
    let asked = 0;
    const service = rotatingService({
      '/v1/refresh': () => {
        asked += 1;
        if (asked === 1) throw new TypeError('fetch failed');
        return json(tokens(1));
      },
    });
    const client = await loggedIn(service);
    service.expire();
    expect(await client.me()).toEqual({ id: 'ada' });
    const presented = service.received.filter(({ path }) => path === '/v1/refresh').map(({ body }) => body);
    expect(presented).toEqual([{ refresh_token: 'refresh-0' }, { refresh_token: 'refresh-0' }]);
  });

  test('that the service cannot make now is made again when it says so, once for everybody', async () => {
    let asked = 0;
    const service = rotatingService({
      '/v1/refresh': () => {
        asked += 1;
        return asked === 1 ? problem(503, 'overloaded', { 'retry-after': '0' }) : json(tokens(1));
      },
    });
    const client = await loggedIn(service);
    service.expire();
    await Promise.all([client.me(), client.me(), client.me()]);
    expect(asked).toBe(2);
  });

  test('that fails leaves the session to a later one', async () => {
    let isDown = true;
    const service = rotatingService({
      '/v1/refresh': () => (isDown ? problem(503, 'unavailable') : json(tokens(1))),
    });
    const client = await loggedIn(service);
    service.expire();
    await expect(client.me()).rejects.toMatchObject({ status: 503 });
    isDown = false;
    expect(await client.me()).toEqual({ id: 'ada' });
  });

  test('that is refused ends the session, and is told once', async () => {
    const service = rotatingService({ '/v1/refresh': () => problem(401, 'invalid-refresh-token') });
    const storage = memoryStorage();
    let told = 0;
    const onSessionEnd = () => {
      told += 1;
    };
    const client = await loggedIn(service, { storage, onSessionEnd });
    service.expire();
    const outcomes = await Promise.allSettled([client.me(), client.me()]);
    expect(outcomes).toMatchObject(Array(2).fill({ status: 'rejected', reason: { code: 'unauthenticated' } }));
    expect([told, storage.load(), await client.accessToken()]).toEqual([1, undefined, undefined]);
  });

  test('does not bring back a session that was ended meanwhile', async () => {
    let answer = (_: Response) => {};
    const answered = new Promise<Response>((resolve) => {
      answer = resolve;
    });
    const service = rotatingService({ '/v1/refresh': () => answered });
    const storage = memoryStorage();
    const client = await loggedIn(service, { storage });
    service.expire();
    const pending = client.me();
    pending.catch(() => {});
    while (service.count('/v1/refresh') === 0) await new Promise(setImmediate);
    await client.logout();
    answer(json(tokens(1)));
    await expect(pending).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(storage.load()).toBeUndefined();
  });

  test('goes on for the others where one gives up', async () => {
    let answer = (_: Response) => {};
    const answered = new Promise<Response>((resolve) => {
      answer = resolve;
    });
    const service = rotatingService({ '/v1/refresh': () => answered });
    const client = await loggedIn(service);
    service.expire();
    const impatient = new AbortController();
    const [first, second] = [client.me({ signal: impatient.signal }), client.me()];
    const refused = expect(first).rejects.toBe('enough');
    while (service.count('/v1/refresh') === 0) await new Promise(setImmediate);
    impatient.abort('enough');
    await refused;
    answer(json(tokens(1)));
    expect(await second).toEqual({ id: 'ada' });
    expect(service.count('/v1/refresh')).toBe(1);
  });
});

test('a logout ends the session here even where the service is away', async () => {
  const service = rotatingService({ '/v1/logout': () => problem(503, 'unavailable') });
  const storage = memoryStorage();
  const client = await loggedIn(service, { storage });
  await expect(client.logout()).rejects.toMatchObject({ status: 503 });
  expect(storage.load()).toBeUndefined();
});

test('a step-up replaces the access token', async () => {
  const { refresh_token: _, ...steppedUp } = tokens(7);
  const service = rotatingService({ '/v1/step-up': () => json(steppedUp) });
  const client = await loggedIn(service);
  await client.stepUp({ password: 'a password of fifteen letters' });
  expect(await client.accessToken()).toBe('access-7');
});

test('neither the client nor its errors show a token or a password', async () => {
  const service = rotatingService({ '/v1/sessions': () => problem(403, 'forbidden') });
  const client = await loggedIn(service);
  const error: unknown = await client.request('GET', '/v1/sessions').catch((thrown: unknown) => thrown);
  const shown = [client, error].flatMap((value) => [
    inspect(value, { depth: 9, showHidden: true }),
    JSON.stringify(value),
  ]);
  expect(shown.join()).not.toMatch(/access-0|refresh-0|fifteen letters/);
});
