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

describe('a session from registration to logout', () => {
  test('registers, logs in, learns who it is, refreshes, and is refused after logout', async () => {
    const { username, password } = newCredentials();
    const registered = await client.register({ username, password, email: 'ada@example.com' });
    expect(registered).toMatchObject({ status: 201, body: { username, email: 'ada@example.com', roles: [] } });
    expect(registered.body).not.toHaveProperty('password');

    const { status, body: tokens, headers } = await client.login({ username, password });
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(tokens).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 300,
      refresh_token: expect.stringMatching(/^[\w-]{43}$/),
    });

    const me = await client.me(tokens.access_token);
    expect(me).toMatchObject({ status: 200, body: { id: registered.body.id, username } });
    const verified = await client.verify(tokens.access_token);
    expect([verified.status, verified.headers.get('x-auth-user')]).toEqual([200, registered.body.id]);

    const refreshed = await client.refresh(tokens.refresh_token);
    expect(refreshed.status).toBe(200);
    expect((await client.verify(refreshed.body.access_token)).status).toBe(200);

    expect((await client.logout(refreshed.body.refresh_token)).status).toBe(204);
    for (const token of [tokens.access_token, refreshed.body.access_token]) {
      expect((await client.verify(token)).status).toBe(401);
      expect((await client.me(token)).status).toBe(401);
    }
    expect((await client.refresh(refreshed.body.refresh_token)).status).toBe(401);
  });

  test('user names differ by more than case', async () => {
    const { username, password } = newCredentials();
    await client.register({ username, password });
    expect(await client.register({ username: username.toUpperCase(), password })).toMatchObject({
      status: 409,
      body: { errors: [{ pointer: '/username', detail: 'is taken' }] },
    });
    expect((await client.login({ username: username.toUpperCase(), password })).status).toBe(200);
  });
});

describe('refusals', () => {
  test('an unknown user and a wrong password are answered alike', async () => {
    const { credentials } = await client.newSession();
    const wrong = await client.login({ ...credentials, password: 'not the password' });
    const unknown = await client.login(newCredentials());
    expect(wrong.status).toBe(401);
    expect(unknown).toMatchObject({ status: 401, body: wrong.body });
    expect([...unknown.headers.keys()]).toEqual([...wrong.headers.keys()]);
  });

  test.each([
    ['a common password', { password: 'passwordpassword' }, '/password'],
    ['a short password', { password: 'short' }, '/password'],
    ['a user name with a space', { username: 'two words' }, '/username'],
    ['an unknown field', { is_admin: true }, '/is_admin'],
    ['a field of another type', { email: 7 }, '/email'],
  ])('registration with %s names the field', async (_, change, pointer) => {
    const { status, headers, body } = await client.register({ ...newCredentials(), ...change });
    expect([status, headers.get('content-type')]).toEqual([422, expect.stringContaining('application/problem+json')]);
    expect(body).toMatchObject({ status: 422, errors: [{ pointer, detail: expect.any(String) }] });
  });

  test.each([
    ['what is no JSON', '{"username":', 'application/json', 400],
    ['a form', 'username=a', 'application/x-www-form-urlencoded', 415],
    ['a body too large', JSON.stringify({ username: 'a'.repeat(20_000) }), 'application/json', 413],
    ['no body', '', 'application/json', 400],
  ])('%s', async (_, body, contentType, status) => {
    const answer = await client.send('POST', '/v1/login', { body, headers: { 'content-type': contentType } });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  test('an unknown path, and a method that is not there', async () => {
    expect((await client.send('GET', '/v1/nothing')).status).toBe(404);
    const answer = await client.send('DELETE', '/v1/login');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('verify: no token, nonsense, a token of another signer', async () => {
    const { tokens } = await client.newSession();
    const [header, payload] = tokens.access_token.split('.');
    const forged = `${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`;
    const challenges = [await client.verify(), await client.verify('no.such.token'), await client.verify(forged)];
    expect(challenges.map(({ status, headers }) => [status, headers.get('www-authenticate')])).toEqual([
      [401, 'Bearer'],
      [401, 'Bearer error="invalid_token"'],
      [401, 'Bearer error="invalid_token"'],
    ]);
  });
});

describe('what else is served', () => {
  test('the keys, without what is private', async () => {
    const { body } = await client.send('GET', '/.well-known/jwks.json');
    expect(body.keys).toEqual([
      { kty: 'OKP', crv: 'Ed25519', kid: expect.any(String), x: expect.any(String), use: 'sig', alg: 'EdDSA' },
    ]);
  });

  test('probes and metrics, on the port for operations alone', async () => {
    const ops = new Client(api.opsUrl);
    expect((await ops.send('GET', '/livez')).status).toBe(200);
    expect((await ops.send('GET', '/readyz')).status).toBe(200);
    const { body } = await ops.send<string>('GET', '/metrics');
    expect(body).toContain('auth_requests_total{status="success",error_type="none"}');
    expect((await client.send('GET', '/metrics')).status).toBe(404);
    expect((await client.send('GET', '/health')).body).toEqual({ status: 'ok' });
  });

  test('the log holds no password and no token', async () => {
    const { credentials, tokens } = await client.newSession();
    const log = api.log.join('\n');
    for (const secret of [credentials.password, tokens.access_token, tokens.refresh_token]) {
      expect(log).not.toContain(secret);
    }
  });
});
