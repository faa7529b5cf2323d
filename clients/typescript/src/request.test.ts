import { expect, test } from '@jest/globals';
import { createAuthClient } from './auth-client.ts';
import { fakeService, json, problem, tokens } from './testing/fake-service.ts';

const id = '01890a5d-ac96-774b-bcce-b302099a8057';

function answering(answer: () => Response) {
  const service = fakeService(answer);
  return { ...service, client: createAuthClient({ baseUrl: 'https://auth.example.com', fetch: service.fetch }) };
}

test('parameters go where the document has them, escaped', async () => {
  const { client, received } = answering(() => json({ items: [], next_cursor: null }));
  await client.request('GET', '/v1/admin/users', { query: { username_prefix: 'a&b', limit: 5 } });
  await client.request('PUT', '/v1/admin/users/{id}/roles/{role}', { path: { id, role: 'a/b?c' } });
  await client.request('PATCH', '/v1/me', { headers: { 'If-Match': '"1"' }, body: { display_name: 'Ada' } });
  expect(received.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /v1/admin/users?username_prefix=a%26b&limit=5',
    `PUT /v1/admin/users/${id}/roles/a%2Fb%3Fc`,
    'PATCH /v1/me',
  ]);
  expect(received[2]?.headers.get('if-match')).toBe('"1"');
  expect(received[2]?.body).toEqual({ display_name: 'Ada' });
});

test.each(['', '.', '..'])('a parameter "%s" that leads to another path is refused', async (role) => {
  const { client, received } = answering(() => json({}));
  const call = client.request('DELETE', '/v1/admin/roles/{role}', { path: { role } });
  await expect(call).rejects.toThrow(RangeError);
  expect(received).toEqual([]);
});

test('an answer without a body has none', async () => {
  const { client } = answering(() => new Response(null, { status: 204 }));
  expect(await client.request('DELETE', '/v1/sessions')).toMatchObject({ status: 204, body: undefined });
});

test('faults come with their pointers', async () => {
  const errors = [{ pointer: '/username', detail: 'is needed' }];
  const { client } = answering(() => json({ type: 'https://authcluster.dev/problems/invalid-request', errors }, 422));
  const call = client.request('POST', '/v1/users', { body: { username: '', password: '' } });
  await expect(call).rejects.toMatchObject({ status: 422, code: 'invalid-request', errors });
});

test('types are those of the document', () => {
  const { client } = answering(() => json({}));
  const never = () => [
    // @ts-expect-error there is no such path
    client.request('GET', '/v1/nowhere'),
    // @ts-expect-error nor this method of it
    client.request('PUT', '/v1/me'),
    // @ts-expect-error its parameter is needed
    client.request('GET', '/v1/admin/users/{id}'),
    // @ts-expect-error it is text
    client.request('POST', '/v1/admin/roles', { body: { name: 1 } }),
    // @ts-expect-error the ETag is needed
    client.request('PATCH', '/v1/me', { body: {} }),
    client.request('GET', '/v1/me').then(({ body }) => body.username satisfies string),
  ];
  expect(never).toBeInstanceOf(Function);
});

test('a login that waits for a code is completed with one, and shows nothing of what proves it', async () => {
  const challenge = {
    type: 'https://authcluster.dev/problems/mfa-enrollment-required',
    mfa_token: 'm',
    expires_in: 300,
  };
  const service = fakeService(({ path }) => {
    if (path === '/v1/login') return json(challenge, 403);
    return json(path === '/v1/login/mfa' ? { ...tokens(0), recovery_codes: ['r'] } : { secret: 's' });
  });
  const client = createAuthClient({ baseUrl: 'https://auth.example.com', fetch: service.fetch });
  const outcome = await client.login({ username: 'ada', password: 'a password of fifteen letters' });
  if (outcome.kind !== 'secondFactorNeeded') throw new Error('the second factor was not asked for');
  expect(JSON.stringify(outcome)).toBe('{"kind":"secondFactorNeeded","isEnrolled":false,"expiresInSeconds":300}');
  expect(await outcome.enroll()).toEqual({ secret: 's' });
  expect(await outcome.complete('123456')).toEqual({ recoveryCodes: ['r'] });
  expect(service.received.slice(1).map(({ body }) => body)).toEqual([
    { mfa_token: 'm' },
    { mfa_token: 'm', code: '123456' },
  ]);
  expect(await client.accessToken()).toBe('access-0');
});

test('another 403 of a login is a problem', async () => {
  const { client } = answering(() => problem(403, 'forbidden'));
  const login = client.login({ username: 'ada', password: 'a password of fifteen letters' });
  await expect(login).rejects.toMatchObject({ status: 403, code: 'forbidden' });
});
