import { describe, expect, test } from '@jest/globals';
import { type AuthClient, createAuthClient } from './auth-client.ts';
import { fakeService, json, problem, type Received, tokens } from './testing/fake-service.ts';
import { memoryStorage } from './token-storage.ts';

const baseUrl = 'https://auth.example.com';

interface ServiceOptions {
  readonly hasCookie?: boolean;
  readonly onRefresh?: () => Promise<void>;
  /** In place of an answer to the login's first step, or to a logout. */
  readonly instead?: Record<string, () => Response | undefined>;
}

/** A service that gives out access tokens alone, as long as there is a cookie. */
function cookieService({ hasCookie = false, onRefresh = async () => {}, instead = {} }: ServiceOptions = {}) {
  const state = { hasCookie, refreshes: 0 };
  const credentials: (string | undefined)[] = [];
  const accessOnly = () => {
    const { refresh_token: _, ...body } = tokens(state.refreshes);
    return json(body);
  };
  const answer = async (request: Received) => {
    const other = instead[request.path]?.();
    if (other !== undefined) return other;
    const hadCookie = state.hasCookie;
    switch (request.path) {
      case '/v1/login':
      case '/v1/login/mfa':
      case '/v1/login/password':
        state.hasCookie = true;
        return accessOnly();
      case '/v1/logout':
        state.hasCookie = false;
        return new Response(null, { status: 204 });
      case '/v1/refresh':
        await onRefresh();
        state.refreshes += 1;
        // Of the cookie that was sent, even where the browser has got another one meanwhile.
        state.hasCookie = hadCookie;
        return hadCookie ? accessOnly() : problem(401, 'invalid-refresh-token');
      default:
        return request.token === `access-${state.refreshes}` ? json({ id: 'ada' }) : problem(401, 'unauthenticated');
    }
  };
  const service = fakeService(answer);
  const send: typeof fetch = (input, init) => {
    credentials.push(init?.credentials);
    return service.fetch(input, init);
  };
  let ends = 0;
  const onSessionEnd = () => {
    ends += 1;
  };
  const client = createAuthClient({ baseUrl, fetch: send, cookies: true, onSessionEnd });
  const count = (path: string) => service.received.filter((request) => request.path === path).length;
  return { client, state, received: service.received, credentials, count, ends: () => ends };
}

function holding() {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { held, release: () => release() };
}

const ada = { username: 'ada', password: 'a password of fifteen letters' };

test('a login asks for the cookie, and every request takes cookies along', async () => {
  const { client, received, credentials } = cookieService();
  expect(await client.login(ada)).toEqual({ kind: 'loggedIn' });
  await client.me();
  expect(received[0]?.body).toEqual({ ...ada, refresh_token_delivery: 'cookie' });
  expect(new Set(credentials)).toEqual(new Set(['include']));
});

test('a page that was loaded anew goes on with the cookie, with one refresh for all who ask', async () => {
  const { client, received, count } = cookieService({ hasCookie: true });
  expect(await Promise.all([client.me(), client.me(), client.me()])).toEqual(Array(3).fill({ id: 'ada' }));
  expect(count('/v1/refresh')).toBe(1);
  expect(received[0]?.body).toBeUndefined();
});

test('where there is no cookie that is found out once, and is no end of a session', async () => {
  const { client, count, ends } = cookieService();
  expect(await client.accessToken()).toBeUndefined();
  expect(await client.accessToken()).toBeUndefined();
  expect([count('/v1/refresh'), ends()]).toEqual([1, 0]);
});

test('an access token that is refused is replaced', async () => {
  const { client, state, count } = cookieService();
  await client.login(ada);
  state.refreshes += 1;
  expect(await client.me()).toEqual({ id: 'ada' });
  expect(count('/v1/refresh')).toBe(1);
});

test('the end of the session elsewhere is told once', async () => {
  const { client, state, ends } = cookieService();
  await client.login(ada);
  state.hasCookie = false;
  state.refreshes += 1;
  await expect(client.me()).rejects.toMatchObject({ status: 401 });
  await expect(client.me()).rejects.toMatchObject({ status: 401 });
  expect(ends()).toBe(1);
});

test('a logout forgets the token here and the cookie there', async () => {
  const { client, state } = cookieService();
  await client.login(ada);
  await client.logout();
  expect([await client.accessToken(), state.hasCookie]).toEqual([undefined, false]);
});

test('a logout that failed leaves nobody logged in here, and can be made again', async () => {
  let isDown = true;
  const { client, state, count } = cookieService({
    instead: { '/v1/logout': () => (isDown ? problem(503, 'unavailable') : undefined) },
  });
  await client.login(ada);
  await expect(client.logout()).rejects.toMatchObject({ status: 503 });
  expect([await client.accessToken(), state.hasCookie, count('/v1/refresh')]).toEqual([undefined, true, 0]);
  isDown = false;
  await client.logout();
  expect(state.hasCookie).toBe(false);
});

test('a logout ends what another tab has begun since', async () => {
  const { client, state } = cookieService();
  expect(await client.accessToken()).toBeUndefined();
  state.hasCookie = true;
  await client.logout();
  expect(state.hasCookie).toBe(false);
});

test('a refresh that comes back after the logout brings no session back', async () => {
  const { held, release } = holding();
  const { client } = cookieService({ hasCookie: true, onRefresh: () => held });
  const asked = client.accessToken();
  const out = client.logout();
  release();
  await Promise.all([asked, out]);
  expect(await client.accessToken()).toBeUndefined();
});

describe('a refresh that is on its way', () => {
  const challenge = (type: string) => {
    const body = { type: `https://authcluster.dev/problems/${type}`, mfa_token: 'm', expires_in: 300 };
    return json(type === 'mfa-required' ? body : { ...body, password_change_token: 'p' }, 403);
  };
  /** What a user does first, and then what opens the session. */
  const steps: [string, string | undefined, (client: AuthClient) => Promise<() => Promise<unknown>>][] = [
    ['/v1/login', undefined, async (client) => () => client.login(ada)],
    [
      '/v1/login/mfa',
      'mfa-required',
      async (client) => {
        const outcome = await client.login(ada);
        if (outcome.kind !== 'secondFactorNeeded') throw new Error(outcome.kind);
        return () => outcome.complete('123456');
      },
    ],
    [
      '/v1/login/password',
      'password-change-required',
      async (client) => {
        const outcome = await client.login(ada);
        if (outcome.kind !== 'passwordChangeNeeded') throw new Error(outcome.kind);
        return () => outcome.change('another password of fifteen letters');
      },
    ],
  ];

  test.each(steps)('cannot take away the cookie of %s', async (path, type, begin) => {
    const { held, release } = holding();
    const { client, state, count } = cookieService({
      onRefresh: () => held,
      instead: type === undefined ? {} : { '/v1/login': () => challenge(type) },
    });
    const open = await begin(client);
    const [asked, opened] = [client.accessToken(), open()];
    await new Promise(setImmediate);
    expect([count('/v1/refresh'), count(path)]).toEqual([1, 0]);
    release();
    await Promise.all([asked, opened]);
    expect([state.hasCookie, await client.accessToken()]).toEqual([true, 'access-1']);
  });

  test('holds up no login by failing', async () => {
    const { client } = cookieService({ onRefresh: () => Promise.reject(new TypeError('fetch failed')) });
    const asked = expect(client.accessToken()).rejects.toThrow('fetch failed');
    expect(await client.login(ada)).toEqual({ kind: 'loggedIn' });
    await asked;
  });

  test('holds up nobody who gives up logging in', async () => {
    const { held, release } = holding();
    const { client, count } = cookieService({ onRefresh: () => held });
    const asked = client.accessToken();
    const impatient = new AbortController();
    const refused = expect(client.login(ada, { signal: impatient.signal })).rejects.toBe('enough');
    impatient.abort('enough');
    await refused;
    release();
    await asked;
    expect(count('/v1/login')).toBe(0);
  });
});

test('there is nothing to store', () => {
  expect(() => createAuthClient({ baseUrl, cookies: true, storage: memoryStorage() })).toThrow(RangeError);
});
