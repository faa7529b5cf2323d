import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApiProcess } from './harness/api-process.ts';
import { Client, newCredentials } from './harness/client.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

let api: ApiProcess;
let client: Client;
beforeAll(async () => {
  api = await ApiProcess.start(serveEnvironment(runningStack()));
  client = new Client(api.url);
});
afterAll(() => api?.stop());

interface SessionList {
  readonly items: readonly { id: string; is_current: boolean }[];
  readonly next_cursor: string | null;
}

/** An account with sessions, the last of which is the one looked from. */
async function accountWithSessions(count: number) {
  const { credentials, tokens } = await client.newSession();
  const sessions = [tokens];
  while (sessions.length < count) sessions.push((await client.login(credentials)).body);
  const token = sessions.at(-1)?.access_token ?? '';
  const list = (query = '') => client.send<SessionList>('GET', `/v1/sessions${query}`, { token });
  return { credentials, sessions, token, list };
}

const verifyAll = async (sessions: readonly { access_token: string }[]) => {
  const answers = await Promise.all(sessions.map(({ access_token }) => client.verify(access_token)));
  return answers.map(({ status }) => status);
};

describe('sessions', () => {
  test('are listed page by page, the youngest first', async () => {
    const { list } = await accountWithSessions(3);
    const first = await list('?limit=2');
    expect(first.body.items.map((session) => session.is_current)).toEqual([true, false]);
    const rest = await list(`?limit=2&cursor=${first.body.next_cursor}`);
    expect(rest.body).toMatchObject({ items: [{ is_current: false }], next_cursor: null });
  });

  test('end one by one, and only one’s own', async () => {
    const { sessions, token, list } = await accountWithSessions(2);
    const other = (await list()).body.items.find((session) => !session.is_current);
    const stranger = (await client.newSession()).tokens.access_token;
    const end = (bearer: string) => client.send('DELETE', `/v1/sessions/${other?.id}`, { token: bearer });
    expect((await end(stranger)).status).toBe(404);
    expect((await end(token)).status).toBe(204);
    expect((await end(token)).status).toBe(404);
    expect(await verifyAll(sessions)).toEqual([401, 200]);
    expect((await client.send('DELETE', '/v1/sessions/nonsense', { token })).status).toBe(404);
  });

  test('end everywhere', async () => {
    const { sessions, token } = await accountWithSessions(3);
    expect((await client.send('DELETE', '/v1/sessions', { token })).status).toBe(204);
    expect(await verifyAll(sessions)).toEqual([401, 401, 401]);
  });

  test('a query of another kind is refused', async () => {
    const { list } = await accountWithSessions(1);
    expect((await list('?limit=0')).status).toBe(422);
    expect((await list('?offset=3')).body).toMatchObject({ errors: [{ pointer: '/offset' }] });
  });
});

describe('a password', () => {
  const change = (token: string, current_password: string, new_password: string) =>
    client.send('POST', '/v1/me/password', { token, body: { current_password, new_password } });

  test('changed by its owner ends the other sessions, and the old one is refused', async () => {
    const { credentials, sessions, token } = await accountWithSessions(3);
    const { password } = newCredentials();
    expect((await change(token, credentials.password, password)).status).toBe(204);
    expect(await verifyAll(sessions)).toEqual([401, 401, 200]);
    expect((await client.login(credentials)).status).toBe(401);
    expect((await client.login({ ...credentials, password })).status).toBe(200);
  });

  test('is not changed without the current one, nor to a weak one', async () => {
    const { credentials, token } = await accountWithSessions(1);
    expect((await change(token, 'not the password', newCredentials().password)).body).toMatchObject({
      errors: [{ pointer: '/current_password', detail: 'is wrong' }],
    });
    expect((await change(token, credentials.password, credentials.username)).body).toMatchObject({
      errors: [{ pointer: '/new_password' }],
    });
    expect((await client.login(credentials)).status).toBe(200);
  });

  test('logins that race with its change leave no session of the old one', async () => {
    const { credentials, token } = await accountWithSessions(1);
    const logins = Array.from({ length: 10 }, () => client.login(credentials));
    const changed = await change(token, credentials.password, newCredentials().password);
    expect(changed.status).toBe(204);
    const opened = (await Promise.all(logins)).filter(({ status }) => status === 200);
    expect(new Set(await verifyAll(opened.map(({ body }) => body)))).not.toContain(200);
  });
});

describe('a profile', () => {
  const patch = (token: string, body: object, etag?: string) =>
    client.send('PATCH', '/v1/me', { token, body, headers: etag === undefined ? {} : { 'if-match': etag } });

  test('changes for whoever has read it as it is', async () => {
    const { token } = await accountWithSessions(1);
    const etag = (await client.me(token)).headers.get('etag') ?? '';
    const changed = await patch(token, { display_name: 'Ada', email: 'ada@example.com' }, etag);
    expect(changed).toMatchObject({ status: 200, body: { display_name: 'Ada', email: 'ada@example.com' } });
    expect(await patch(token, { display_name: 'Bea' }, etag)).toMatchObject({ status: 412 });
    expect((await patch(token, { display_name: 'Bea' })).status).toBe(428);
    const cleared = await patch(token, { email: null }, changed.headers.get('etag') ?? '');
    expect(cleared.body).toMatchObject({ display_name: 'Ada', email: null });
    expect((await client.me(token)).body).toEqual(cleared.body);
  });

  test('changes where one of several tags is its own, or whatever it is, and by no weak tag', async () => {
    const { token } = await accountWithSessions(1);
    const etag = (await client.me(token)).headers.get('etag') ?? '';
    expect((await patch(token, { display_name: 'Ada' }, `W/${etag}`)).status).toBe(412);
    expect((await patch(token, { display_name: 'Ada' }, `"other", ${etag}`)).status).toBe(200);
    expect((await patch(token, { display_name: 'Bea' }, `"other", ${etag}`)).status).toBe(412);
    expect(await patch(token, { display_name: 'Bea' }, '*')).toMatchObject({ body: { display_name: 'Bea' } });
  });
});

test('an account is deleted for whoever knows its password', async () => {
  const { credentials, sessions, token } = await accountWithSessions(2);
  const remove = (password: string) => client.send('DELETE', '/v1/me', { token, body: { password } });
  expect((await remove('not the password')).status).toBe(422);
  expect((await remove(credentials.password)).status).toBe(204);
  expect(await verifyAll(sessions)).toEqual([401, 401]);
  expect((await client.login(credentials)).status).toBe(401);
  expect((await client.register(credentials)).status).toBe(201);
});

test('without a grant nothing is permitted', async () => {
  const { token } = await accountWithSessions(1);
  const asked = { token, body: { permissions: ['orders.read'] } };
  expect((await client.send('POST', '/v1/authorize', asked)).body).toEqual({ allowed: false });
  expect((await client.send('GET', '/v1/me/permissions', { token })).body).toEqual({ roles: [], permissions: [] });
  expect((await client.send('GET', '/verify?permission=orders.read', { token })).status).toBe(403);
});

test('Envoy asks with the method, path and query of the request that it holds, and for permissions by a header', async () => {
  const { token } = await accountWithSessions(1);
  for (const method of ['GET', 'POST', 'PATCH', 'DELETE', 'OPTIONS']) {
    const ask = (headers = {}) => client.send(method, '/verify/share?permission=orders.read', { token, headers });
    const { status, headers } = await ask();
    expect([method, status, headers.get('x-auth-user')]).toEqual([method, 200, expect.any(String)]);
    expect((await ask({ 'x-auth-permission': 'orders.read' })).status).toBe(403);
  }
  expect((await client.send('POST', '/verify/share', {})).status).toBe(401);
});
