import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApiProcess } from './harness/api-process.ts';
import { Client } from './harness/client.ts';
import { runningStack } from './harness/running-stack.ts';
import { oauthClient, serveEnvironment } from './harness/stack.ts';

let api: ApiProcess;
let client: Client;
beforeAll(async () => {
  api = await ApiProcess.start(serveEnvironment(runningStack()));
  client = new Client(api.url);
});
afterAll(() => api?.stop());

const basic = `Basic ${Buffer.from(`${oauthClient.id}:${oauthClient.secret}`).toString('base64')}`;

function post(path: string, form: Record<string, string>, authorization: string | undefined = basic) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization };
  return client.send('POST', path, { body: new URLSearchParams(form).toString(), headers });
}

const introspect = (token: string) => post('/oauth/introspect', { token });

describe('introspection', () => {
  test('tells of an access token and of a refresh token', async () => {
    const { tokens } = await client.newSession();
    const { body: me } = await client.me(tokens.access_token);
    const access = { active: true, token_type: 'Bearer', token_use: 'access_token', sub: me.id, roles: [] };
    expect((await introspect(tokens.access_token)).body).toMatchObject(access);
    const refresh = (await introspect(tokens.refresh_token)).body;
    expect(refresh).toMatchObject({ active: true, token_use: 'refresh_token' });
    expect(refresh).not.toHaveProperty('token_type');
    await client.refresh(tokens.refresh_token);
    expect((await introspect(tokens.refresh_token)).body).toEqual({ active: false });
    await client.logout(tokens.refresh_token);
    expect((await introspect(tokens.access_token)).body).toEqual({ active: false });
  });

  test('tells nothing of anything else', async () => {
    expect((await introspect('no.such.token')).body).toEqual({ active: false });
    expect((await introspect('nonsense')).body).toEqual({ active: false });
  });

  test.each([
    ['a wrong secret', `Basic ${Buffer.from(`${oauthClient.id}:wrong`).toString('base64')}`],
    ['an unknown client', `Basic ${Buffer.from('somebody:secret').toString('base64')}`],
    ['nonsense', 'Basic !'],
  ])('refuses %s', async (_, authorization) => {
    const answer = await post('/oauth/introspect', { token: 'x' }, authorization);
    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="oauth"');
  });

  test('wants a form with a token, and takes the client’s secret in it, too', async () => {
    const { id: client_id, secret: client_secret } = oauthClient;
    const inForm = await post('/oauth/introspect', { token: 'x', client_id, client_secret }, 'none');
    expect(inForm).toMatchObject({ status: 200, body: { active: false } });
    expect(await post('/oauth/introspect', {})).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    const asJson = { body: { token: 'x' }, headers: { authorization: basic } };
    expect((await client.send('POST', '/oauth/introspect', asJson)).status).toBe(400);
    expect((await client.send('GET', '/oauth/introspect')).status).toBe(405);
  });
});

test.each(['access_token', 'refresh_token'] as const)('revoking the %s ends the session', async (kind) => {
  const { tokens } = await client.newSession();
  expect((await post('/oauth/revoke', { token: tokens[kind] })).status).toBe(200);
  expect((await client.verify(tokens.access_token)).status).toBe(401);
  expect((await post('/oauth/revoke', { token: tokens[kind] })).status).toBe(200);
});

const metadata = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];

test.each(metadata)('%s names what is served', async (path) => {
  const { body } = await client.send('GET', path);
  expect(body).toMatchObject({
    issuer: 'https://auth.example.com',
    jwks_uri: 'https://auth.example.com/.well-known/jwks.json',
  });
});

test.each(['/.well-known/jwks.json', ...metadata, '/openapi.json'])(
  '%s may be cached, and is not sent again to whom has it',
  async (path) => {
    const { headers } = await client.send('GET', path);
    expect(headers.get('cache-control')).toBe('public, max-age=240, stale-while-revalidate=60, stale-if-error=86400');
    // Without a Cache-Control of ours, fetch would send no-cache: that it wants the document again in any case.
    const condition = { 'if-none-match': headers.get('etag') ?? '', 'cache-control': 'max-age=0' };
    const again = await client.send('GET', path, { headers: condition });
    expect([again.status, again.body]).toEqual([304, '']);
  },
);
