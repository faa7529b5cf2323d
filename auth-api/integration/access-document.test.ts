import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../dev/eventually.ts';
import { Administration } from './harness/administration.ts';
import { whileAloneInCharge } from './harness/alone-in-charge.ts';
import type { Client } from './harness/client.ts';

interface Role {
  readonly name: string;
  readonly description?: string;
  readonly permissions?: readonly string[];
  readonly requires_second_factor?: boolean;
}

interface Document {
  readonly permissions: readonly { name: string; description?: string }[];
  readonly roles: readonly Role[];
}

interface Difference {
  readonly permissions: Record<'created' | 'changed' | 'deleted', readonly unknown[]>;
  readonly roles: Record<'created' | 'changed' | 'deleted', readonly unknown[]>;
}

const path = '/v1/admin/access-document';
const nothing: Difference = {
  permissions: { created: [], changed: [], deleted: [] },
  roles: { created: [], changed: [], deleted: [] },
};

let administration: Administration;
let client: Client;
let token: string;
/** What was there before; other tests have made it. */
let before: Document;
beforeAll(async () => {
  administration = await Administration.start();
  ({ client, token } = administration);
  before = (await get()).body;
});
afterAll(() => administration?.stop());

const get = () => client.send<Document>('GET', path, { token });
const diff = (body: unknown) => client.send<Difference>('POST', `${path}/diff`, { token, body });
const put = (body: unknown, etag: string, query = '') =>
  client.send<Difference>('PUT', `${path}${query}`, { token, body, headers: { 'if-match': etag } });

async function etagNow(): Promise<string> {
  return (await get()).headers.get('etag') ?? '';
}

/** Beside what was there before. */
async function apply(document: Document, query = '') {
  return put(withBefore(document), await etagNow(), query);
}

function withBefore({ permissions, roles }: Document): Document {
  return { permissions: [...before.permissions, ...permissions], roles: [...before.roles, ...roles] };
}

const newName = (thing: string) => `doc.${thing}${randomBytes(5).toString('hex')}`;

async function newHolder(role: string) {
  const { tokens } = await client.newSession();
  const { body } = await client.me(tokens.access_token);
  await administration.send('PUT', `/users/${body.id}/roles/${role}`);
  const isAllowed = async (permission: string) => {
    const answer = await client.send('POST', '/v1/authorize', {
      token: tokens.access_token,
      body: { permissions: [permission] },
    });
    return answer.body.allowed;
  };
  return { id: String(body.id), token: tokens.access_token, isAllowed };
}

describe('a document of roles and permissions', () => {
  test('is compared, applied, and then there; applied again it changes nothing', async () => {
    const [permission, role] = [newName('permission'), newName('role')];
    const document = withBefore({
      permissions: [{ name: permission, description: 'See orders' }],
      roles: [{ name: role, permissions: [permission, 'authcluster.users.read'], requires_second_factor: true }],
    });
    const expected = {
      permissions: { ...nothing.permissions, created: [permission] },
      roles: { ...nothing.roles, created: [role] },
    };
    const compared = await diff(document);
    expect([compared.status, compared.body]).toEqual([200, expected]);
    expect((await diff(before)).body).toEqual(nothing);

    const applied = await put(document, compared.headers.get('etag') ?? '');
    expect([applied.status, applied.body]).toEqual([200, expected]);
    const { body, headers } = await get();
    expect(headers.get('etag')).toBe(applied.headers.get('etag'));
    expect(body.permissions).toContainEqual({ name: permission, description: 'See orders' });
    expect(body.roles).toContainEqual({
      name: role,
      description: '',
      permissions: ['authcluster.users.read', permission],
      requires_second_factor: true,
    });
    expect(await put(document, applied.headers.get('etag') ?? '')).toMatchObject({ status: 200, body: nothing });
    expect(await apply({ permissions: [], roles: [] })).toMatchObject({
      status: 200,
      body: {
        permissions: { deleted: [{ name: permission, is_granted: false }] },
        roles: { deleted: [{ name: role, is_granted: false }] },
      },
    });
    expect((await get()).body).toEqual(before);
  });

  test('counts at once, in every pod, for who has a role already', async () => {
    const [one, other, role] = [newName('permission'), newName('permission'), newName('role')];
    const permissions = [{ name: one }, { name: other }];
    await apply({ permissions, roles: [{ name: role, permissions: [one] }] });
    const { isAllowed } = await newHolder(role);
    expect([await isAllowed(one), await isAllowed(other)]).toEqual([true, false]);
    const changed = await apply({ permissions, roles: [{ name: role, description: 'x', permissions: [other] }] });
    expect(changed.body.roles.changed).toEqual([
      { name: role, description: 'x', permissions_added: [other], permissions_removed: [one] },
    ]);
    expect([await isAllowed(one), await isAllowed(other)]).toEqual([false, true]);
    await apply({ permissions: [], roles: [] }, '?delete_granted=true');
    expect(await isAllowed(other)).toBe(false);
  });

  test('deletes what somebody has only if asked to', async () => {
    const [permission, role] = [newName('permission'), newName('role')];
    await apply({ permissions: [{ name: permission }], roles: [{ name: role }] });
    const { id } = await newHolder(role);
    await administration.send('PUT', `/users/${id}/permissions/${permission}`);
    expect((await diff(before)).body).toMatchObject({
      permissions: { deleted: [{ name: permission, is_granted: true }] },
      roles: { deleted: [{ name: role, is_granted: true }] },
    });
    for (const query of ['', '?delete_granted=false']) {
      const refused = await apply({ permissions: [], roles: [] }, query);
      expect(refused).toMatchObject({
        status: 409,
        body: {
          type: 'https://authcluster.dev/problems/still-granted',
          detail: expect.stringContaining(`role ${role}, permission ${permission}`),
        },
      });
    }
    expect((await get()).body.roles).toContainEqual(expect.objectContaining({ name: role }));
    expect((await apply({ permissions: [], roles: [] }, '?delete_granted=true')).status).toBe(200);
    expect((await get()).body).toEqual(before);
  });

  test('is refused where something has changed since it was read', async () => {
    const etag = await etagNow();
    const role = newName('role');
    await administration.send('POST', '/roles', { name: role });
    expect((await put(before, etag)).status).toBe(412);
    expect((await put(before, `W/${await etagNow()}`)).status).toBe(412);
    const withRole = withBefore({ permissions: [], roles: [{ name: role }] });
    for (const matching of ['*', `${etag}, ${await etagNow()}`]) {
      expect(await put(withRole, matching)).toMatchObject({ status: 200, body: nothing });
    }
    expect((await client.send('PUT', path, { token, body: before })).status).toBe(428);
    await administration.send('DELETE', `/roles/${role}`);
    expect((await put(before, etag)).body).toEqual(nothing);
  });

  test('of two that are applied at once, one is refused', async () => {
    const roles = Array.from({ length: 6 }, () => newName('role'));
    const etag = await etagNow();
    const answers = await Promise.all(
      roles.map((name) => put(withBefore({ permissions: [], roles: [{ name }] }), etag)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412]);
    await apply({ permissions: [], roles: [] });
  });

  test('nothing is done of one that has faults, each of which has its pointer', async () => {
    const etag = await etagNow();
    const document = {
      permissions: [{ name: 'a' }, { name: 'a' }, { name: 'authcluster.mine' }],
      roles: [{ name: 'r', permissions: ['none'] }, { name: 'r' }],
    };
    const pointers = ['/permissions/1/name', '/permissions/2/name', '/roles/1/name', '/roles/0/permissions/0'];
    for (const answer of [await put(document, etag), await diff(document)]) {
      expect(answer).toMatchObject({ status: 422, body: { errors: pointers.map((pointer) => ({ pointer })) } });
    }
    const malformed = { permissions: [{ name: 'No Name' }], roles: [{ name: 'r', permission: [] }] };
    expect(await diff(malformed)).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/permissions/0/name' }, { pointer: '/roles/0/permission' }] },
    });
    expect(
      await diff({ permissions: Array.from({ length: 2_001 }, (_, n) => ({ name: `n${n}` })), roles: [] }),
    ).toMatchObject({ status: 422, body: { errors: [{ pointer: '/permissions' }] } });
    expect((await diff({ permissions: [], roles: [], a: 'x'.repeat(530_000) })).status).toBe(413);
    expect(await etagNow()).toBe(etag);
  });

  test('is read of nobody who may not apply it', async () => {
    /** Half a mebibyte is promised, and not sent before there is an answer. */
    const statusBeforeBody = async (headers: Record<string, string>) => {
      const sending = request(`${client.url}${path}`, {
        method: 'PUT',
        headers: {
          'content-type': 'application/json',
          'content-length': String(2 ** 19),
          'if-match': '"1"',
          ...headers,
        },
      });
      sending.flushHeaders();
      const [answer] = (await once(sending, 'response')) as [IncomingMessage];
      sending.on('error', () => {}).destroy();
      return answer.statusCode;
    };
    const { tokens } = await client.newSession();
    expect(await statusBeforeBody({})).toBe(401);
    expect(await statusBeforeBody({ authorization: 'Bearer no.such.token' })).toBe(401);
    expect(await statusBeforeBody({ authorization: `Bearer ${tokens.access_token}` })).toBe(403);
  });

  test('of a thousand permissions and three hundred roles is applied', async () => {
    const prefix = newName('p');
    const permissions = Array.from({ length: 1_000 }, (_, n) => ({ name: `${prefix}.${n}` }));
    const roles = Array.from({ length: 300 }, (_, n) => ({
      name: `${prefix}.r${n}`,
      permissions: permissions.slice(n, n + 20).map(({ name }) => name),
    }));
    const applied = await apply({ permissions, roles });
    expect([applied.status, applied.body.roles.created.length]).toEqual([200, 300]);
    expect((await apply({ permissions: [], roles: [] })).body.permissions.deleted).toHaveLength(1_000);
    expect((await get()).body).toEqual(before);
  });
});

describe('nobody is locked out', () => {
  test('administrators keep the role, and what the service needs', async () => {
    const others = before.roles.filter(({ name }) => name !== 'administrator');
    for (const roles of [others, [...others, { name: 'administrator' }]]) {
      const applied = await put({ ...before, roles }, await etagNow());
      expect(applied.status).toBe(200);
      expect((await client.send('GET', '/v1/admin/users?limit=1', { token })).status).toBe(200);
    }
    await put(before, await etagNow());
    expect((await get()).body).toEqual(before);
  });

  test('a document after which nobody could change roles is refused', async () => {
    const role = newName('role');
    await apply({
      permissions: [],
      roles: [{ name: role, permissions: ['authcluster.roles.read', 'authcluster.roles.write'] }],
    });
    const holder = await newHolder(role);
    const asHolder = (body: Document, etag: string) =>
      client.send('PUT', path, { token: holder.token, body, headers: { 'if-match': etag } });
    const lesser = withBefore({ permissions: [], roles: [{ name: role, permissions: ['authcluster.roles.read'] }] });
    await whileAloneInCharge(holder.id, async () =>
      expect(await asHolder(lesser, await etagNow())).toMatchObject({
        status: 409,
        body: { type: 'https://authcluster.dev/problems/needed-by-service' },
      }),
    );
    expect((await asHolder(lesser, await etagNow())).status).toBe(200);
    await apply({ permissions: [], roles: [] }, '?delete_granted=true');
  });
});

test('only who may change roles applies documents, and the log tells what was done', async () => {
  const { tokens } = await client.newSession();
  const body = before;
  const headers = { 'if-match': await etagNow() };
  expect((await client.send('PUT', path, { token: tokens.access_token, body, headers })).status).toBe(403);
  const role = newName('role');
  await apply({ permissions: [], roles: [{ name: role }] });
  await apply({ permissions: [], roles: [] });
  const { body: log } = await client.send('GET', '/v1/admin/audit-events?type=apply_access_document', { token });
  for (const details of [{ roles_created: role }, { roles_deleted: role }]) {
    expect(log.items).toContainEqual(expect.objectContaining({ outcome: 'success', details }));
  }
});

test('other pods know of it', async () => {
  const pod = await Administration.start();
  try {
    const [permission, role] = [newName('permission'), newName('role')];
    await apply({ permissions: [{ name: permission }], roles: [{ name: role }] });
    const holder = await newHolder(role);
    const verify = () => pod.client.send('GET', `/verify?permission=${permission}`, { token: holder.token });
    expect((await verify()).status).toBe(403);
    await apply({ permissions: [{ name: permission }], roles: [{ name: role, permissions: [permission] }] });
    await eventually(async () => expect((await verify()).status).toBe(200));
    await apply({ permissions: [], roles: [] }, '?delete_granted=true');
  } finally {
    await pod.stop();
  }
});
