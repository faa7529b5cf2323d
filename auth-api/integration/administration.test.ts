import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Administration } from './harness/administration.ts';
import { whileAloneInCharge } from './harness/alone-in-charge.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Client, newCredentials, unlessBusy } from './harness/client.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

let administration: Administration;
let client: Client;
beforeAll(async () => {
  administration = await Administration.start();
  ({ client } = administration);
});
afterAll(() => administration?.stop());

const admin = (method: string, path: string, body?: object) => administration.send(method, path, body);

const tooManyRoles = 'https://authcluster.dev/problems/too-many-roles';

let made = 0;
const newName = (thing: string) => `tests.${thing}${process.pid}x${++made}`;

async function newAccount() {
  const { credentials, tokens } = await client.newSession();
  const { body } = await client.me(tokens.access_token);
  const token = tokens.access_token;
  const allowed = async (permission: string) => {
    const answer = await client.send('POST', '/v1/authorize', { token, body: { permissions: [permission] } });
    return answer.body.allowed;
  };
  return { credentials, token, tokens, id: String(body.id), allowed };
}

describe('who may administer', () => {
  test('the first administrator; nobody else', async () => {
    const { token } = await newAccount();
    expect((await admin('GET', '/users?limit=1')).status).toBe(200);
    expect((await client.send('GET', '/v1/admin/users', { token })).status).toBe(403);
    expect((await client.send('GET', '/v1/admin/users')).status).toBe(401);
  });

  test('the administrator’s role stays', async () => {
    expect((await admin('DELETE', '/roles/administrator')).status).toBe(409);
    expect((await admin('DELETE', '/permissions/authcluster.users.read')).status).toBe(409);
  });
});

describe('somebody stays who may change roles', () => {
  const rolesWrite = 'authcluster.roles.write';
  const needed = { status: 409, body: { type: 'https://authcluster.dev/problems/needed-by-service' } };

  test('who alone does is neither disabled nor deleted, by themselves or others, and keeps the role', async () => {
    const { credentials, id, token } = await newAccount();
    await admin('PUT', `/users/${id}/roles/administrator`);
    await whileAloneInCharge(id, async () => {
      expect(await admin('PATCH', `/users/${id}`, { status: 'disabled' })).toMatchObject(needed);
      expect(await admin('DELETE', `/users/${id}`)).toMatchObject(needed);
      expect(await admin('DELETE', `/users/${id}/roles/administrator`)).toMatchObject(needed);
      const { password } = credentials;
      const deletion = () => client.send('DELETE', '/v1/me', { token, body: { password } });
      expect(await unlessBusy(deletion)).toMatchObject(needed);
      expect((await client.verify(token)).status).toBe(200);
    });
    expect((await admin('DELETE', `/users/${id}/roles/administrator`)).status).toBe(204);
  });

  test('a grant is taken from who may by another one, too', async () => {
    const { id } = await newAccount();
    const direct = `/users/${id}/permissions/authcluster.roles.write`;
    await admin('PUT', `/users/${id}/roles/administrator`);
    await admin('PUT', direct);
    await whileAloneInCharge(id, async () => {
      expect((await admin('DELETE', `/users/${id}/roles/administrator`)).status).toBe(204);
      expect(await admin('DELETE', direct)).toMatchObject(needed);
    });
    expect((await admin('DELETE', direct)).status).toBe(204);
  });

  test('the role by which they do is not deleted, and goes on to permit it, unless they may by another grant', async () => {
    const [{ id }, role] = [await newAccount(), newName('role')];
    const [direct, permitted] = [`/users/${id}/permissions/${rolesWrite}`, `/roles/${role}/permissions/${rolesWrite}`];
    await admin('POST', '/roles', { name: role });
    await admin('PUT', permitted);
    await admin('PUT', `/users/${id}/roles/${role}`);
    await whileAloneInCharge(id, async () => {
      expect(await admin('DELETE', permitted)).toMatchObject(needed);
      expect(await admin('DELETE', `/roles/${role}`)).toMatchObject(needed);
      await admin('PUT', direct);
      expect((await admin('DELETE', permitted)).status).toBe(204);
      expect((await admin('DELETE', `/roles/${role}`)).status).toBe(204);
    });
    expect((await admin('DELETE', direct)).status).toBe(204);
  });

  test('of a role and a grant by which two may, one at the most goes', async () => {
    const [one, other, role] = [await newAccount(), await newAccount(), newName('role')];
    const direct = `/users/${other.id}/permissions/${rolesWrite}`;
    await admin('POST', '/roles', { name: role });
    await admin('PUT', `/roles/${role}/permissions/${rolesWrite}`);
    await admin('PUT', `/users/${one.id}/roles/${role}`);
    await whileAloneInCharge(one.id, async () => {
      await admin('PUT', direct);
      const taken = await Promise.all([direct, `/roles/${role}`].map((path) => admin('DELETE', path)));
      expect(taken.map(({ status }) => status).sort()).toEqual([204, 409]);
    });
    for (const path of [direct, `/roles/${role}`]) await admin('DELETE', path);
  });

  test('of two who are left, one at the most goes', async () => {
    const [one, other] = [await newAccount(), await newAccount()];
    const direct = (id: string) => `/users/${id}/permissions/authcluster.roles.write`;
    await admin('PUT', direct(one.id));
    await whileAloneInCharge(one.id, async () => {
      await admin('PUT', direct(other.id));
      const taken = await Promise.all([one, other].map(({ id }) => admin('DELETE', direct(id))));
      expect(taken.map(({ status }) => status).sort()).toEqual([204, 409]);
      await admin('PUT', direct(one.id));
      await admin('PUT', direct(other.id));
    });
    for (const { id } of [one, other]) expect((await admin('DELETE', direct(id))).status).toBe(204);
  });
});

describe('where registration is closed', () => {
  let closed: ApiProcess;
  beforeAll(async () => {
    closed = await ApiProcess.start({
      ...serveEnvironment(runningStack()),
      REGISTRATION: 'closed',
      REGISTRATION_RATE_PER_NETWORK: '1/3600',
    });
  });
  afterAll(() => closed?.stop());

  test('an administrator makes accounts, as many as there are people, and nobody else does', async () => {
    const shut = new Client(closed.url);
    expect(await shut.register(newCredentials())).toMatchObject({
      status: 403,
      body: { type: 'https://authcluster.dev/problems/registration-closed' },
    });
    const { token } = await newAccount();
    const create = (body: object, by = administration.token) =>
      shut.send('POST', '/v1/admin/users', { token: by, body });
    expect((await create(newCredentials(), token)).status).toBe(403);
    for (const credentials of [newCredentials(), newCredentials()]) {
      const { status, body, headers } = await unlessBusy(() => create(credentials));
      expect([status, headers.get('location')]).toEqual([201, `/v1/admin/users/${body.id}`]);
      expect((await shut.login(credentials)).status).toBe(200);
    }
  });
});

describe('permissions', () => {
  test('by role: given, changed with the role, and taken', async () => {
    const [role, permission] = [newName('role'), newName('permission')];
    const { id, allowed, credentials, token } = await newAccount();
    expect((await admin('POST', '/permissions', { name: permission })).status).toBe(201);
    expect(await admin('POST', '/roles', { name: role })).toMatchObject({ status: 201, body: { permissions: [] } });
    expect((await admin('POST', '/roles', { name: role })).status).toBe(409);

    const etag = (await client.me(token)).headers.get('etag') ?? '';
    expect((await admin('PUT', `/users/${id}/roles/${role}`)).status).toBe(204);
    expect((await admin('PUT', `/users/${id}/roles/${role}`)).status).toBe(204);
    const headersOfReread = { 'if-none-match': etag, 'cache-control': 'max-age=0' };
    const reread = await client.send('GET', '/v1/me', { token, headers: headersOfReread });
    expect(reread).toMatchObject({ status: 200, body: { roles: [role] } });
    expect(await allowed(permission)).toBe(false);
    expect((await admin('PUT', `/roles/${role}/permissions/${permission}`)).status).toBe(204);
    expect(await allowed(permission)).toBe(true);
    expect((await client.send('GET', `/verify?permission=${permission}`, { token })).status).toBe(200);
    const headers = { 'x-auth-permission': permission };
    expect((await client.send('GET', '/verify/orders', { token, headers })).status).toBe(200);
    const { body } = await client.login(credentials);
    expect((await client.verify(body.access_token)).headers.get('x-auth-roles')).toBe(role);

    expect((await admin('DELETE', `/users/${id}/roles/${role}`)).status).toBe(204);
    expect(await allowed(permission)).toBe(false);
    expect((await admin('DELETE', `/users/${id}/roles/${role}`)).status).toBe(404);
    expect((await admin('DELETE', `/roles/${role}`)).status).toBe(204);
    expect((await admin('PUT', `/users/${id}/roles/${role}`)).status).toBe(404);
  });

  test('by as many roles as the tokens of an account can carry, also of those that are given at once', async () => {
    const roles = Array.from({ length: 26 }, () => newName('role')).map((name) => name.padEnd(100, 'x'));
    const { id, credentials } = await newAccount();
    for (const name of roles) await admin('POST', '/roles', { name });
    const given = await Promise.all(roles.map((role) => admin('PUT', `/users/${id}/roles/${role}`)));
    expect(given.filter(({ status }) => status === 204)).toHaveLength(24);
    const refused = given.filter(({ status }) => status !== 204);
    expect(refused).toMatchObject([409, 409].map((status) => ({ status, body: { type: tooManyRoles } })));
    const { body } = await client.login(credentials);
    expect((await client.verify(body.access_token)).headers.get('x-auth-roles')?.split(',')).toHaveLength(24);
    for (const role of roles) await admin('DELETE', `/roles/${role}`);
  });

  test('granted directly', async () => {
    const permission = newName('permission');
    const { id, allowed } = await newAccount();
    await admin('POST', '/permissions', { name: permission, description: 'For one test' });
    expect((await admin('PUT', `/users/${id}/permissions/${permission}`)).status).toBe(204);
    expect(await allowed(permission)).toBe(true);
    expect((await admin('DELETE', `/permissions/${permission}`)).status).toBe(204);
    expect(await allowed(permission)).toBe(false);
  });

  test('taken by an id in upper case, which is the same one', async () => {
    const permission = newName('permission');
    const { id, allowed } = await newAccount();
    await admin('POST', '/permissions', { name: permission });
    const granted = `/users/${id.toUpperCase()}/permissions/${permission}`;
    expect(await allowed(permission)).toBe(false);
    expect((await admin('PUT', granted)).status).toBe(204);
    expect(await allowed(permission)).toBe(true);
    expect((await admin('DELETE', granted)).status).toBe(204);
    expect(await allowed(permission)).toBe(false);
  });

  test('a name of another form is refused', async () => {
    expect((await admin('POST', '/roles', { name: 'No Role' })).body).toMatchObject({ errors: [{ pointer: '/name' }] });
    expect((await admin('PUT', '/roles/No%20Role/permissions/x')).status).toBe(404);
  });
});

describe('accounts', () => {
  test('are found by the beginning of their names', async () => {
    const { credentials, id } = await newAccount();
    const { body } = await admin('GET', `/users?username_prefix=${credentials.username.slice(0, 14).toUpperCase()}`);
    expect(body.items).toEqual([expect.objectContaining({ id, username: credentials.username, status: 'active' })]);
    expect((await admin('GET', `/users/${id}`)).body).toMatchObject({ id, last_login_at: expect.any(String) });
  });

  test('disabled lose their sessions and cannot log in, until they are enabled', async () => {
    const { credentials, id, token, tokens } = await newAccount();
    expect((await admin('PATCH', `/users/${id}`, { status: 'disabled' })).status).toBe(204);
    expect((await client.verify(token)).status).toBe(401);
    expect((await client.refresh(tokens.refresh_token)).status).toBe(401);
    expect((await client.login(credentials)).status).toBe(401);
    expect((await admin('PATCH', `/users/${id}`, { status: 'active' })).status).toBe(204);
    expect((await client.login(credentials)).status).toBe(200);
  });

  test('lose all their sessions, or are deleted', async () => {
    const { credentials, id, token } = await newAccount();
    expect((await admin('GET', `/users/${id}/sessions`)).body.items).toHaveLength(1);
    expect((await admin('DELETE', `/users/${id}/sessions`)).status).toBe(204);
    expect((await client.verify(token)).status).toBe(401);
    expect((await admin('DELETE', `/users/${id}`)).status).toBe(204);
    expect((await admin('GET', `/users/${id}`)).status).toBe(404);
    expect((await client.login(credentials)).status).toBe(401);
  });
});
