import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Running, runExpress, runFastify } from '../../clients/middleware/src/testing/example-services.ts';
import {
  type AuthClientOptions,
  type Credentials,
  createAuthClient,
  memoryStorage,
  ProblemError,
} from '../../clients/typescript/src/auth-client.ts';
import { administratorToken } from './harness/administrator-token.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Authenticator, enroll } from './harness/authenticator.ts';
import { Client, newCredentials } from './harness/client.ts';
import { basic, postForm } from './harness/oauth.ts';
import { runningStack } from './harness/running-stack.ts';
import { oauthClient, serveEnvironment } from './harness/stack.ts';

const environment = serveEnvironment(runningStack());
let api: ApiProcess;
let plain: Client;
let adminToken: string;
beforeAll(async () => {
  api = await ApiProcess.start(environment);
  plain = new Client(api.url);
  adminToken = await administratorToken(plain);
});
afterAll(() => api?.stop());

/** Counts what it sends. */
function clientOf(options: Partial<AuthClientOptions> = {}) {
  const sent: string[] = [];
  const counting: typeof fetch = (input, init) => {
    sent.push(new URL(String(input)).pathname);
    return fetch(input, init);
  };
  const storage = memoryStorage();
  const client = createAuthClient({ baseUrl: api.url, fetch: counting, storage, ...options });
  const count = (path: string) => sent.filter((one) => one === path).length;
  return { client, storage, count };
}

type Holder = ReturnType<typeof clientOf>;

/** A busy machine sheds what hashes a password, and a client does not repeat that of itself. */
async function unlessBusy<Outcome>(ask: () => Promise<Outcome>, tries = 10): Promise<Outcome> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ProblemError) || error.status !== 503 || tries === 1) throw error;
    await delay((error.retryAfterSeconds ?? 1) * 1000);
    return unlessBusy(ask, tries - 1);
  }
}

const logIn = ({ client }: Holder, credentials: Credentials) => unlessBusy(() => client.login(credentials));

async function loggedIn(options: Partial<AuthClientOptions> = {}) {
  const { credentials } = await plain.newSession();
  const holder = clientOf(options);
  expect(await logIn(holder, credentials)).toEqual({ kind: 'loggedIn' });
  return { ...holder, credentials };
}

/** As if the access token had expired. */
async function spoilAccessToken({ storage }: Holder): Promise<void> {
  const tokens = await storage.load();
  if (tokens !== undefined) await storage.save({ ...tokens, accessToken: 'x.y.z' });
}

describe('the client', () => {
  test('logs in, shows the account and logs out', async () => {
    const { client, storage, credentials } = await loggedIn();
    expect(await client.me()).toMatchObject({ username: credentials.username });
    const token = (await client.accessToken()) ?? '';
    await client.logout();
    expect([storage.load(), (await plain.verify(token)).status]).toEqual([undefined, 401]);
    await expect(client.me()).rejects.toMatchObject({ status: 401, code: 'unauthenticated' });
  });

  test('refreshes once for many requests that are refused at once', async () => {
    const holder = await loggedIn();
    await spoilAccessToken(holder);
    const accounts = await Promise.all(Array.from({ length: 30 }, () => holder.client.me()));
    expect(new Set(accounts.map(({ username }) => username))).toEqual(new Set([holder.credentials.username]));
    expect(holder.count('/v1/refresh')).toBe(1);
  });

  test('knows when the session has been ended elsewhere', async () => {
    let isOver = false;
    const onSessionEnd = () => {
      isOver = true;
    };
    const { client, storage } = await loggedIn({ onSessionEnd });
    await plain.send('DELETE', '/v1/sessions', { token: (await client.accessToken()) ?? '' });
    await expect(client.me()).rejects.toMatchObject({ code: 'unauthenticated' });
    expect([isOver, await storage.load()]).toEqual([true, undefined]);
  });

  test('tells a wrong password and faults of a request as problems', async () => {
    const holder = clientOf();
    await expect(logIn(holder, newCredentials())).rejects.toMatchObject({ status: 401, code: 'invalid-credentials' });
    const body = { username: 'a b', password: 'short' };
    const refused = holder.client.request('POST', '/v1/users', { body });
    await expect(refused).rejects.toMatchObject({ status: 422, errors: [{ pointer: '/username' }] });
  });

  test('completes a login with a second factor', async () => {
    const { credentials, tokens } = await plain.newSession();
    const { authenticator } = await enroll(plain, tokens.access_token);
    const holder = clientOf();
    const outcome = await logIn(holder, credentials);
    if (outcome.kind !== 'secondFactorNeeded') throw new Error('the second factor was not asked for');
    expect(outcome.isEnrolled).toBe(true);
    await outcome.complete(await authenticator.nextCode());
    expect(await holder.client.me()).toMatchObject({ username: credentials.username });
  });

  test('has another access token after a step-up', async () => {
    const { client, credentials } = await loggedIn();
    const before = await client.accessToken();
    await unlessBusy(() => client.stepUp({ password: credentials.password }));
    expect(await client.accessToken()).not.toBe(before);
    expect(await client.me()).toMatchObject({ username: credentials.username });
  });

  test('enrolls during the login where a role requires it', async () => {
    const { credentials, tokens } = await plain.newSession();
    const role = `client.${credentials.username.replaceAll(/\W/g, '')}`;
    const { body: me } = await plain.me(tokens.access_token);
    for (const [method, path, body] of [
      ['POST', '/roles', { name: role }],
      ['PUT', `/roles/${role}/second-factor`, undefined],
      ['PUT', `/users/${me.id}/roles/${role}`, undefined],
    ] as const) {
      const { status } = await plain.send(method, `/v1/admin${path}`, { token: adminToken, body });
      expect(status).toBeLessThan(300);
    }
    const holder = clientOf();
    const outcome = await logIn(holder, credentials);
    if (outcome.kind !== 'secondFactorNeeded') throw new Error('the second factor was not asked for');
    const { secret } = await outcome.enroll();
    const { recoveryCodes } = await outcome.complete(await new Authenticator(secret).nextCode());
    expect(recoveryCodes?.length).toBeGreaterThan(0);
    expect(await holder.client.me()).toMatchObject({ roles: [role] });
  });

  test('sets another password during the login where an administrator requires it', async () => {
    const { credentials, tokens } = await plain.newSession();
    const { body: me } = await plain.me(tokens.access_token);
    const required = await plain.send('PUT', `/v1/admin/users/${me.id}/password-change`, { token: adminToken });
    expect(required.status).toBe(204);
    const holder = clientOf();
    const outcome = await logIn(holder, credentials);
    if (outcome.kind !== 'passwordChangeNeeded') throw new Error('another password was not asked for');
    const { password } = newCredentials();
    await unlessBusy(() => outcome.change(password));
    expect(await holder.client.me()).toMatchObject({ username: credentials.username });
    expect(await logIn(clientOf(), { ...credentials, password })).toEqual({ kind: 'loggedIn' });
  });

  test('changes what it has read, and not what somebody else has changed', async () => {
    const { client } = await loggedIn();
    const read = await client.request('GET', '/v1/me');
    const headers = { 'If-Match': read.headers.get('etag') ?? '' };
    const body = { display_name: 'Ada' };
    expect((await client.request('PATCH', '/v1/me', { headers, body })).body.display_name).toBe('Ada');
    const again = client.request('PATCH', '/v1/me', { headers, body });
    await expect(again).rejects.toMatchObject({ status: 412, code: 'version-conflict' });
  });
});

describe.each([
  ['Express', runExpress],
  ['Fastify', runFastify],
])('a service with %s', (_, run) => {
  /** Of its own, since it goes away. */
  let issuing: ApiProcess;
  let service: Running;
  let asking: Running;
  let open: Running;
  beforeAll(async () => {
    issuing = await ApiProcess.start(environment);
    const options = { issuer: 'https://auth.example.com', baseUrl: issuing.url, timeoutMs: 20_000 };
    const introspection = { clientId: oauthClient.id, clientSecret: oauthClient.secret };
    [service, asking, open] = await Promise.all([
      run(options),
      run({ ...options, introspection, cacheSeconds: 0 }),
      run({ ...options, introspection, acceptServices: true }),
    ]);
  });
  afterAll(() => Promise.all([service?.stop(), asking?.stop(), open?.stop(), issuing?.stop()]));

  async function get({ url }: Running, path: string, token: string) {
    const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    return { status: answer.status, body: (await answer.json()) as unknown };
  }

  test('knows who is there, and what they may', async () => {
    const { client } = await loggedIn();
    const [token = '', { id }] = [await client.accessToken(), await client.me()];
    expect(await get(service, '/me', token)).toMatchObject({ status: 200, body: { userId: id, roles: [] } });
    expect((await get(service, '/orders', token)).status).toBe(403);
  });

  test('lets in services with tokens of their own where that is asked for, and no other does', async () => {
    const permission = `client-tests.p${randomUUID()}`;
    const admin = (method: string, path: string, body: object) =>
      plain.send<Record<string, string>>(method, `/v1/admin${path}`, { token: adminToken, body });
    await admin('POST', '/permissions', { name: permission });
    const client = { name: `client ${permission}`, permissions: [permission], may: ['client_credentials'] };
    const { body: registered } = await admin('POST', '/clients', client);
    const { id = '', client_secret = '' } = registered;
    const form = { grant_type: 'client_credentials' };
    const { body: granted } = await postForm(plain, '/oauth/token', form, basic(id, client_secret));
    const token = String(granted.access_token);
    expect(await get(open, '/service', token)).toMatchObject({
      status: 200,
      body: { service: { clientId: id, scopes: [permission] } },
    });
    expect((await get(open, '/service', token)).body).not.toHaveProperty('auth');
    expect((await get(open, '/read', token)).status).toBe(403);
    expect((await get(open, '/orders', token)).status).toBe(403);
    expect((await get(service, '/me', token)).status).toBe(401);
    expect((await get(asking, '/me', token)).status).toBe(401);
  });

  test('that asks refuses the token of a session that has ended', async () => {
    const { client } = await loggedIn();
    const token = (await client.accessToken()) ?? '';
    expect((await get(asking, '/me', token)).status).toBe(200);
    await client.logout();
    expect((await get(asking, '/me', token)).status).toBe(401);
  });

  test('goes on with the keys that it has while the auth API is away, and lets nobody in where it has to ask', async () => {
    const { client } = await loggedIn();
    const token = (await client.accessToken()) ?? '';
    expect((await get(service, '/me', token)).status).toBe(200);
    await issuing.stop();
    expect((await get(service, '/me', token)).status).toBe(200);
    expect((await get(service, '/orders', token)).status).toBe(503);
    expect((await get(asking, '/me', token)).status).toBe(503);
  });
});
