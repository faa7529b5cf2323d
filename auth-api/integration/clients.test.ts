import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../dev/eventually.ts';
import { administratorToken } from './harness/administrator-token.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Client } from './harness/client.ts';
import { basic, newServiceKeys, postForm } from './harness/oauth.ts';
import { connect } from './harness/postgres.ts';
import { runningStack } from './harness/running-stack.ts';
import { oauthClient, serveEnvironment } from './harness/stack.ts';

const [read, write] = ['client-tests.read', 'client-tests.write'];
const environment = serveEnvironment(runningStack());
let api: ApiProcess;
/** Another pod. */
let other: ApiProcess;
let client: Client;
let adminToken: string;
beforeAll(async () => {
  [api, other] = await Promise.all([ApiProcess.start(environment), ApiProcess.start(environment)]);
  client = new Client(api.url);
  adminToken = await administratorToken(client);
  for (const name of [read, write]) await admin('POST', '/permissions', { name });
});
afterAll(() => Promise.all([api?.stop(), other?.stop()]));

function admin(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  return client.send(method, `/v1/admin${path}`, {
    token: adminToken,
    headers,
    ...(body === undefined ? {} : { body }),
  });
}

interface Service {
  readonly id: string;
  readonly secret: string;
  readonly etag: string;
}

async function newService(fields: object = {}): Promise<Service> {
  const body = { name: `service ${randomUUID()}`, permissions: [read, write], ...fields };
  const answer = await admin('POST', '/clients', body);
  expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 201 });
  const { id, client_secret } = answer.body as { id: string; client_secret: string };
  return { id, secret: client_secret, etag: answer.headers.get('etag') ?? '' };
}

const tokenFor = ({ id, secret }: Service, form: Record<string, string> = {}) =>
  postForm(client, '/oauth/token', { grant_type: 'client_credentials', ...form }, basic(id, secret));

async function newToken(service: Service): Promise<string> {
  const { status, body } = await tokenFor(service);
  expect({ status, body }).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 300 } });
  return String(body.access_token);
}

const change = ({ id, etag }: Service, body: object) => admin('PATCH', `/clients/${id}`, body, { 'if-match': etag });

const verify = (token: string, query = '', url = api.url) => new Client(url).send('GET', `/verify${query}`, { token });

describe('a token that a service gets for itself', () => {
  test('is accepted by /verify as that service, for its scopes, and shows no user', async () => {
    const service = await newService();
    const { status, body } = await tokenFor(service, { scope: read });
    expect([status, body.scope]).toEqual([200, read]);
    const token = String(body.access_token);
    const accepted = await verify(token, `?permission=${read}`);
    expect(accepted.status).toBe(200);
    const names = ['x-auth-client', 'x-auth-user', 'x-auth-session', 'x-auth-roles'];
    expect(names.map((name) => accepted.headers.get(name))).toEqual([service.id, '', '', '']);
    expect((await verify(token, `?permission=${write}`)).status).toBe(403);
    const authorize = (permissions: string[]) => client.send('POST', '/v1/authorize', { token, body: { permissions } });
    expect((await authorize([read])).body).toEqual({ allowed: true });
    expect((await authorize([read, write])).body).toEqual({ allowed: false });
  });

  test('has all that the service may where no scope is asked for, and never more', async () => {
    const service = await newService({ permissions: [read] });
    expect((await tokenFor(service)).body.scope).toBe(read);
    expect(await tokenFor(service, { scope: `${read} ${write}` })).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope' },
    });
  });

  test('opens nothing that is for users', async () => {
    const token = await newToken(await newService({ permissions: ['authcluster.users.read'] }));
    expect((await client.me(token)).status).toBe(403);
    expect((await client.send('GET', '/v1/admin/users', { token })).status).toBe(403);
  });

  test('is told of by introspection, and cannot be revoked alone', async () => {
    const service = await newService({ may: ['client_credentials', 'introspect', 'revoke'] });
    const token = await newToken(service);
    const authorization = basic(service.id, service.secret);
    expect((await postForm(client, '/oauth/introspect', { token }, authorization)).body).toMatchObject({
      active: true,
      token_type: 'Bearer',
      token_use: 'access_token',
      client_id: service.id,
      sub: service.id,
      scope: `${read} ${write}`,
    });
    expect(await postForm(client, '/oauth/revoke', { token }, authorization)).toMatchObject({
      status: 400,
      body: { error: 'unsupported_token_type' },
    });
  });

  test.each([
    ['disabled', (service: Service) => change(service, { status: 'disabled' })],
    ['deleted', ({ id }: Service) => admin('DELETE', `/clients/${id}`)],
    ['permitted less', (service: Service) => change(service, { permissions: [read] })],
    [
      'given another secret at once',
      ({ id }: Service) => admin('POST', `/clients/${id}/secret`, { keep_previous_seconds: 0 }),
    ],
  ])('ends on every pod when its service is %s', async (_, end) => {
    const service = await newService();
    const token = await newToken(service);
    for (const url of [api.url, other.url]) expect((await verify(token, '', url)).status).toBe(200);
    expect((await end(service)).status).toBeLessThan(300);
    for (const url of [api.url, other.url]) {
      await eventually(async () => expect((await verify(token, '', url)).status).toBe(401), 30_000);
    }
  });

  test('lives on when its service gets another name', async () => {
    const service = await newService();
    const token = await newToken(service);
    expect((await change(service, { name: `service ${randomUUID()}` })).status).toBe(200);
    expect((await verify(token)).status).toBe(200);
  });
});

describe('a client that shows a secret', () => {
  test('is answered the same where it is unknown, disabled or wrong', async () => {
    const service = await newService();
    const disabled = await newService();
    await change(disabled, { status: 'disabled' });
    const shown = [
      { ...service, secret: 'wrong' },
      { ...service, id: randomUUID() },
      { ...service, id: 'no id of ours' },
      disabled,
    ];
    const answers = await Promise.all(shown.map((each) => tokenFor(each)));
    for (const { status, headers, body } of answers) {
      expect([status, headers.get('www-authenticate'), body]).toEqual([
        401,
        'Basic realm="oauth"',
        { error: 'invalid_client' },
      ]);
    }
  });

  test('has two at once after a rotation, and the older one can be ended', async () => {
    const before = await newService();
    const rotate = async (body: object) => {
      const answer = await admin('POST', `/clients/${before.id}/secret`, body);
      expect(answer.status).toBe(201);
      return { ...before, secret: String(answer.body.client_secret) };
    };
    const second = await rotate({});
    expect([(await tokenFor(before)).status, (await tokenFor(second)).status]).toEqual([200, 200]);
    const third = await rotate({ keep_previous_seconds: 3600 });
    const statuses = [];
    for (const each of [before, second, third]) statuses.push((await tokenFor(each)).status);
    expect(statuses).toEqual([401, 200, 200]);
    const fourth = await rotate({ keep_previous_seconds: 0 });
    expect([(await tokenFor(third)).status, (await tokenFor(fourth)).status]).toEqual([401, 200]);
  });

  test('is told its secret again by a request repeated with its key, and loses none by it', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const body = { name: `service ${randomUUID()}` };
    const first = await admin('POST', '/clients', body, key);
    const again = await admin('POST', '/clients', body, key);
    expect([again.status, again.body]).toEqual([201, first.body]);
    const path = `/clients/${first.body.id}/secret`;
    const rotated = await admin('POST', path, {}, key);
    expect((await admin('POST', path, {}, key)).body).toEqual(rotated.body);
    const service = { id: String(first.body.id), etag: '' };
    for (const { client_secret } of [first.body, rotated.body]) {
      expect((await tokenFor({ ...service, secret: String(client_secret) })).status).toBe(200);
    }
  });

  test('has nothing in the database that it could be impersonated with', async () => {
    const { id, secret } = await newService();
    const database = await connect(runningStack().primaryPort, 'auth_app');
    try {
      const { rows } = await database.query('SELECT c::text AS row FROM auth.clients c WHERE id = $1', [id]);
      expect(rows[0].row).not.toContain(secret);
      expect(rows[0].row).not.toContain(Buffer.from(secret).toString('hex'));
    } finally {
      await database.end();
    }
  });

  test('is slowed down by what was wrong, and lets in who has the right secret all the same', async () => {
    const strict = await ApiProcess.start({ ...environment, CLIENT_FAILURE_RATE: '2/3600' });
    try {
      const service = await newService();
      const ask = (secret: string) => {
        const form = { grant_type: 'client_credentials' };
        return postForm(new Client(strict.url), '/oauth/token', form, basic(service.id, secret));
      };
      const answers = [];
      for (const secret of ['wrong', 'wrong', 'wrong', service.secret]) answers.push(await ask(secret));
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 429, 200]);
      expect(answers[2]?.headers.get('retry-after')).toMatch(/^\d+$/);
    } finally {
      await strict.stop();
    }
  });
});

describe('a client that has keys', () => {
  const grant = { grant_type: 'client_credentials' };
  const ask = (form: Record<string, string>, to = client) => postForm(to, '/oauth/token', { ...grant, ...form });

  test.each(['EdDSA', 'ES256', 'RS256'])('is let in by an assertion with %s, once', async (alg) => {
    const keys = await newServiceKeys(alg);
    const { id, secret } = await newService({ authentication: 'private_key_jwt', jwks: keys.jwks });
    expect(secret).toBeUndefined();
    const form = await keys.form(id);
    expect((await ask(form)).status).toBe(200);
    for (const url of [api.url, other.url]) {
      expect(await ask(form, new Client(url))).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    }
    expect((await ask(await keys.form(id, { aud: 'https://auth.example.com' }))).status).toBe(200);
  });

  test('is not let in by the assertion of another, or for another service', async () => {
    const [keys, others] = await Promise.all([newServiceKeys(), newServiceKeys()]);
    const { id } = await newService({ authentication: 'private_key_jwt', jwks: keys.jwks });
    const forms = [
      await others.form(id),
      await keys.form(id, { sub: randomUUID() }),
      await keys.form(id, { aud: 'https://bank.example.com' }),
      await keys.form(id, { exp: Math.floor(Date.now() / 1000) - 60 }),
    ];
    for (const form of forms) expect((await ask(form)).status).toBe(401);
  });

  test('introspects by assertions, too', async () => {
    const keys = await newServiceKeys();
    const service = { authentication: 'private_key_jwt', jwks: keys.jwks, may: ['introspect'] };
    const { id } = await newService(service);
    const form = { token: 'nonsense', ...(await keys.form(id)) };
    expect((await postForm(client, '/oauth/introspect', form)).body).toEqual({ active: false });
    expect(await ask(await keys.form(id))).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } });
  });

  test('is answered 503 while it cannot be known whether an assertion has been used', async () => {
    const keys = await newServiceKeys();
    const { id } = await newService({ authentication: 'private_key_jwt', jwks: keys.jwks });
    const cutOff = await ApiProcess.start({ ...environment, REDIS_NODES: '127.0.0.1:1' });
    try {
      const answer = await ask(await keys.form(id), new Client(cutOff.url));
      expect(answer).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } });
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    } finally {
      await cutOff.stop();
    }
  });
});

describe('the token endpoint', () => {
  test.each([
    ['no grant', {}, 'invalid_request'],
    ['a grant there is not', { grant_type: 'password' }, 'unsupported_grant_type'],
  ])('refuses %s', async (_, form, error) => {
    const { id, secret } = await newService();
    expect(await postForm(client, '/oauth/token', form as Record<string, string>, basic(id, secret))).toMatchObject({
      status: 400,
      body: { error },
    });
  });

  test('refuses a field that stands twice, and a client that authenticates in two ways', async () => {
    const service = await newService();
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: basic(service.id, service.secret),
    };
    const twice = { body: 'grant_type=client_credentials&scope=a&scope=b', headers };
    expect((await client.send('POST', '/oauth/token', twice)).body.error).toBe('invalid_request');
    const inForm = { client_id: service.id, client_secret: service.secret };
    expect((await tokenFor(service, inForm)).body.error).toBe('invalid_request');
  });

  test('gives no token to a client of the configuration, which may introspect as before', async () => {
    const authorization = basic(oauthClient.id, oauthClient.secret);
    const form = { grant_type: 'client_credentials' };
    expect((await postForm(client, '/oauth/token', form, authorization)).body.error).toBe('unauthorized_client');
    expect((await postForm(client, '/oauth/introspect', { token: 'x' }, authorization)).status).toBe(200);
  });

  test('and introspection and revocation want a client that may', async () => {
    const { id, secret } = await newService({ may: [] });
    const statuses = [];
    for (const path of ['token', 'introspect', 'revoke']) {
      const form = { grant_type: 'client_credentials', token: 'x' };
      statuses.push((await postForm(client, `/oauth/${path}`, form, basic(id, secret))).status);
    }
    expect(statuses).toEqual([400, 403, 403]);
  });
});

describe('administrators', () => {
  test('find in the audit log what was done to a client, and no secret', async () => {
    const service = await newService();
    await admin('POST', `/clients/${service.id}/secret`, {});
    await admin('DELETE', `/clients/${service.id}`);
    for (const [type, named] of [
      ['create_client', 'client'],
      ['replace_client_secret', 'id'],
      ['delete_client', 'id'],
    ] as const) {
      const { body } = await admin('GET', `/audit-events?type=${type}&limit=100`);
      const events = body.items as { outcome: string; details: Record<string, string> }[];
      const ours = events.filter(({ details }) => details[named] === service.id);
      expect(ours.map(({ outcome }) => outcome)).toEqual(['success']);
      expect(JSON.stringify(ours)).not.toContain(service.secret);
    }
  });

  test('see clients page by page, without their secrets, and when they were used', async () => {
    const service = await newService();
    await newService();
    await newToken(service);
    const pages = [];
    for (let cursor: unknown = undefined; pages.length === 0 || cursor !== null; ) {
      const query: string = cursor === undefined ? '' : `&cursor=${cursor}`;
      const { body } = await admin('GET', `/clients?limit=1${query}`);
      pages.push(...(body.items as { id: string }[]));
      cursor = body.next_cursor;
    }
    expect(new Set(pages.map(({ id }) => id)).size).toBe(pages.length);
    expect(JSON.stringify(pages)).not.toContain('secret_hash');
    await eventually(async () => {
      expect((await admin('GET', `/clients/${service.id}`)).body.last_used_at).not.toBeNull();
    }, 30_000);
  });

  test('change what they have read, and nothing else', async () => {
    const service = await newService();
    const changed = await change(service, { permissions: [read] });
    expect([changed.status, changed.body.permissions]).toEqual([200, [read]]);
    expect((await change(service, { permissions: [] })).status).toBe(412);
    expect((await change({ ...service, etag: '*' }, { permissions: [] })).body.permissions).toEqual([]);
    const etag = changed.headers.get('etag') ?? '';
    expect((await change({ ...service, etag }, { jwks: (await newServiceKeys()).jwks })).status).toBe(422);
  });

  test('delete what they have read, and replace the secret of nothing else', async () => {
    const service = await newService();
    const path = `/clients/${service.id}`;
    const etag = (await change(service, { permissions: [read] })).headers.get('etag') ?? '';
    const outdated = { 'if-match': service.etag };
    expect((await admin('POST', `${path}/secret`, {}, outdated)).status).toBe(412);
    expect((await admin('DELETE', path, undefined, outdated)).status).toBe(412);
    expect((await tokenFor(service)).status).toBe(200);
    const replaced = { 'if-match': etag, 'idempotency-key': randomUUID() };
    const [first, repeated] = [
      await admin('POST', `${path}/secret`, {}, replaced),
      await admin('POST', `${path}/secret`, {}, replaced),
    ];
    expect([first.status, repeated]).toEqual([201, expect.objectContaining({ status: 201, body: first.body })]);
    expect((await admin('DELETE', path, undefined, { 'if-match': etag })).status).toBe(412);
    const known = { 'if-match': (await admin('GET', path)).headers.get('etag') ?? '' };
    expect((await admin('DELETE', path, undefined, known)).status).toBe(204);
    expect((await admin('DELETE', path, undefined, known)).status).toBe(404);
  });

  test('are told what cannot be registered', async () => {
    const name = `service ${randomUUID()}`;
    const { jwks } = await newServiceKeys();
    const pointers = async (body: object) => {
      const answer = await admin('POST', '/clients', { name, ...body });
      expect(answer.status).toBe(422);
      return (answer.body.errors as { pointer: string }[]).map(({ pointer }) => pointer);
    };
    expect(await pointers({ permissions: [read, 'no.such'] })).toEqual(['/permissions/1']);
    expect(await pointers({ authentication: 'private_key_jwt' })).toEqual(['/jwks']);
    expect(await pointers({ jwks })).toEqual(['/jwks']);
    const [key] = jwks.keys;
    const withPrivate = { keys: [{ ...key, d: 'A'.repeat(43) }] };
    expect(await pointers({ authentication: 'private_key_jwt', jwks: withPrivate })).toEqual(['/jwks/keys/0/d']);
  });

  test('need the permission for it', async () => {
    const { tokens } = await client.newSession();
    for (const method of ['GET', 'POST']) {
      const answer = await client.send(method, '/v1/admin/clients', { token: tokens.access_token });
      expect(answer.status).toBe(403);
    }
  });
});

describe('the audit log tells', () => {
  const eventsOf = async (query: Record<string, string>) => {
    const { status, body } = await admin('GET', `/audit-events?${new URLSearchParams({ limit: '100', ...query })}`);
    expect(status).toBe(200);
    return body.items as { actor_client: string | null; details: Record<string, unknown> }[];
  };
  const from = new Date().toISOString();

  test('which service got a token, and for what', async () => {
    const service = await newService();
    await tokenFor(service, { scope: read });
    await eventually(async () => {
      const items = await eventsOf({ type: 'token', outcome: 'success', from });
      expect(items.filter(({ actor_client }) => actor_client === service.id)).toEqual([
        expect.objectContaining({ actor_id: null, subject_id: null, details: { scope: read }, error: null }),
      ]);
    });
  });

  test('who was refused one, and not with which secret', async () => {
    const service = await newService();
    const headers = { 'x-forwarded-for': '203.0.113.31' };
    const ask = (authorization: string) => {
      const body = new URLSearchParams({ grant_type: 'client_credentials' }).toString();
      const form = { 'content-type': 'application/x-www-form-urlencoded', authorization };
      return client.send('POST', '/oauth/token', { body, headers: { ...headers, ...form } });
    };
    expect((await ask(basic(service.id, 'a guess of a secret'))).status).toBe(401);
    await eventually(async () => {
      const items = await eventsOf({ type: 'token', outcome: 'failure', from });
      const mine = items.filter(({ details }) => details.client_id === service.id);
      expect(mine).toEqual([expect.objectContaining({ error: 'invalid_client', actor_client: null })]);
      expect(JSON.stringify(items)).not.toContain('a guess');
    });
  });

  test('whose session a service has ended', async () => {
    const { tokens } = await client.newSession();
    const { id: subject } = (await client.me(tokens.access_token)).body;
    const form = { token: tokens.refresh_token };
    const { status } = await postForm(client, '/oauth/revoke', form, basic(oauthClient.id, oauthClient.secret));
    expect(status).toBe(200);
    await eventually(async () =>
      expect(await eventsOf({ type: 'revoke', subject: String(subject) })).toEqual([
        expect.objectContaining({ outcome: 'success', actor_client: oauthClient.id, session_id: expect.any(String) }),
      ]),
    );
  });
});
