import { expect, test } from '@jest/globals';
import { createAuthClient } from './auth-client.ts';
import { fakeService, json, problem, type Received, tokens } from './testing/fake-service.ts';
import { memoryStorage } from './token-storage.ts';

const baseUrl = 'https://auth.example.com';

/** A service that gives out access tokens alone, as long as there is a cookie. */
function cookieService({ hasCookie = false, onRefresh = async () => {} } = {}) {
  const state = { hasCookie, refreshes: 0 };
  const credentials: (string | undefined)[] = [];
  const accessOnly = () => {
    const { refresh_token: _, ...body } = tokens(state.refreshes);
    return json(body);
  };
  const answer = async (request: Received) => {
    switch (request.path) {
      case '/v1/login':
        state.hasCookie = true;
        return accessOnly();
      case '/v1/logout':
        state.hasCookie = false;
        return new Response(null, { status: 204 });
      case '/v1/refresh':
        await onRefresh();
        state.refreshes += 1;
        return state.hasCookie ? accessOnly() : problem(401, 'invalid-refresh-token');
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

test('a refresh that comes back after the logout brings no session back', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { client } = cookieService({ hasCookie: true, onRefresh: () => held });
  const asked = client.accessToken();
  const out = client.logout();
  release();
  await Promise.all([asked, out]);
  expect(await client.accessToken()).toBeUndefined();
});

test('there is nothing to store', () => {
  expect(() => createAuthClient({ baseUrl, cookies: true, storage: memoryStorage() })).toThrow(RangeError);
});
