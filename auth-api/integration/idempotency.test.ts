import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { administratorToken } from './harness/administrator-token.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Client, newCredentials, unlessBusy } from './harness/client.ts';
import { connect } from './harness/postgres.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

let api: ApiProcess;
let client: Client;
let adminToken: string;
beforeAll(async () => {
  api = await ApiProcess.start({ ...serveEnvironment(runningStack()), REGISTRATION_RATE_PER_NETWORK: '2/3600' });
  client = new Client(api.url);
  adminToken = await administratorToken(client);
});
afterAll(() => api?.stop());

const name = () => `once.n${randomUUID()}`;
const register = (body: object, key: string, headers = {}) =>
  unlessBusy(() => client.send('POST', '/v1/users', { body, headers: { 'idempotency-key': key, ...headers } }));
const asAdmin = (path: string, body: object, key: string) =>
  unlessBusy(() =>
    client.send('POST', `/v1/admin${path}`, { token: adminToken, body, headers: { 'idempotency-key': key } }),
  );

describe.each([
  ['/v1/users', () => newCredentials(), (body: object, key: string) => register(body, key)],
  ['/v1/admin/users', () => newCredentials(), (body: object, key: string) => asAdmin('/users', body, key)],
  ['/v1/admin/roles', () => ({ name: name() }), (body: object, key: string) => asAdmin('/roles', body, key)],
  ['/v1/admin/clients', () => ({ name: name() }), (body: object, key: string) => asAdmin('/clients', body, key)],
  [
    '/v1/admin/permissions',
    () => ({ name: name() }),
    (body: object, key: string) => asAdmin('/permissions', body, key),
  ],
] as const)('POST %s', (_, newBody, send) => {
  test('that is repeated with its key is answered as the first was, and creates nothing more', async () => {
    const [body, key] = [newBody(), randomUUID()];
    const first = await send(body, key);
    expect(first.status).toBe(201);
    const again = await send(body, key);
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect((await send(body, randomUUID())).status).toBe(409);
  });

  test('at the same time with one key creates one thing', async () => {
    const [body, key] = [newBody(), randomUUID()];
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => send(body, key)));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
  });

  test('with the key of another request is refused', async () => {
    const key = randomUUID();
    expect((await send(newBody(), key)).status).toBe(201);
    expect(await send(newBody(), key)).toMatchObject({
      status: 422,
      body: { type: 'https://authcluster.dev/problems/idempotency-key-reused' },
    });
  });

  test.each(['', 'two words', 'ä', 'x'.repeat(256)])('with "%s" for a key is refused', async (key) => {
    expect((await send(newBody(), key)).status).toBe(400);
  });
});

test('a key whose request was refused can be used for the corrected one', async () => {
  const [credentials, key] = [newCredentials(), randomUUID()];
  expect((await register({ ...credentials, password: credentials.username }, key)).status).toBe(422);
  expect((await register(credentials, key)).status).toBe(201);
});

test('a key is one of who sends it: another administrator’s is another', async () => {
  const key = randomUUID();
  const { tokens } = await client.newSession();
  const { body } = await client.me(tokens.access_token);
  await client.send('PUT', `/v1/admin/users/${body.id}/roles/administrator`, { token: adminToken });
  const other = (role: object) =>
    client.send('POST', '/v1/admin/roles', {
      token: tokens.access_token,
      body: role,
      headers: { 'idempotency-key': key },
    });
  const [ours, theirs] = [{ name: name() }, { name: name() }];
  expect((await asAdmin('/roles', ours, key)).status).toBe(201);
  expect((await other(theirs)).status).toBe(201);
  expect((await other(ours)).status).toBe(422);
});

test('a repetition is not counted among the accounts that a network may make', async () => {
  const headers = { 'x-forwarded-for': '203.0.113.80' };
  const [credentials, key] = [newCredentials(), randomUUID()];
  const statuses = [];
  for (let turn = 0; turn < 4; turn += 1) statuses.push((await register(credentials, key, headers)).status);
  statuses.push((await register(newCredentials(), randomUUID(), headers)).status);
  statuses.push((await register(newCredentials(), randomUUID(), headers)).status);
  expect(statuses).toEqual([201, 201, 201, 201, 201, 429]);
});

test('a request whose answer was lost with its pod is found to have been done', async () => {
  const [credentials, key] = [newCredentials(), randomUUID()];
  const { body } = await register(credentials, key);
  const other = await ApiProcess.start(serveEnvironment(runningStack()));
  try {
    const again = await new Client(other.url).send('POST', '/v1/users', {
      body: credentials,
      headers: { 'idempotency-key': key },
    });
    expect(again).toMatchObject({ status: 201, body: { id: body.id } });
  } finally {
    await other.stop();
  }
});

test('neither keys nor requests can be read from the database, and expired ones count no more', async () => {
  const [credentials, key] = [newCredentials(), randomUUID()];
  const { body } = await register(credentials, key);
  const database = await connect(runningStack().primaryPort, 'auth_app');
  try {
    const { rows } = await database.query('SELECT * FROM auth.idempotency_keys WHERE created_id = $1', [body.id]);
    expect(Object.keys(rows[0]).sort()).toEqual(['created_id', 'expires_at', 'key_hash', 'request_hash']);
    expect([rows[0].key_hash.length, rows[0].request_hash.length]).toEqual([32, 32]);
    await database.query('UPDATE auth.idempotency_keys SET expires_at = now() WHERE created_id = $1', [body.id]);
  } finally {
    await database.end();
  }
  expect((await register(credentials, key)).status).toBe(409);
});
