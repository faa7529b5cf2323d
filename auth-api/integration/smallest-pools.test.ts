import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Administration } from './harness/administration.ts';
import { type Client, newCredentials } from './harness/client.ts';

let administration: Administration;
let client: Client;
beforeAll(async () => {
  // Two of the write pool are for the relay of invalidations: one is left for requests, and one to read from replicas.
  administration = await Administration.start({ POSTGRES_WRITE_POOL_SIZE: '3', POSTGRES_READ_POOL_SIZE: '1' });
  ({ client } = administration);
});
afterAll(() => administration?.stop());

const atOnce = 8;

type Step = readonly [method: string, path: string, body?: object];

/** Takes the steps one after the other, and tells which were not answered as they should be. */
async function take(token: string, steps: readonly Step[]): Promise<string[]> {
  const bad: string[] = [];
  for (const [method, path, body] of steps) {
    const headers = method === 'PATCH' ? { 'if-match': (await client.me(token)).headers.get('etag') ?? '' } : {};
    const send = () => client.send(method, path, { token, headers, ...(body === undefined ? {} : { body }) });
    let answer = await send();
    // With so many in line for one connection, what hashes is turned away at once: that waits for nothing.
    for (let turn = 0; isTurnedAway(answer) && turn < 50; turn += 1) {
      await delay(100);
      answer = await send();
    }
    if (answer.status >= 300) bad.push(`${method} ${path}: ${answer.status}`);
  }
  return bad;
}

function isTurnedAway({ status, body }: Awaited<ReturnType<Client['send']>>): boolean {
  return status === 503 && (body as { type?: string }).type === 'https://authcluster.dev/problems/overloaded';
}

const account = (password: string): Step[] => [
  ['GET', '/v1/me'],
  ['PATCH', '/v1/me', { display_name: 'Ada' }],
  ['GET', '/v1/me/permissions'],
  ['GET', '/v1/sessions'],
  ['POST', '/v1/authorize', { permissions: ['orders.read'] }],
  ['POST', '/v1/me/second-factor'],
  ['GET', '/v1/me/personal-data'],
  ['POST', '/v1/me/password', { current_password: password, new_password: newCredentials().password }],
  ['DELETE', '/v1/sessions'],
];

const administering = (userId: string, name: string): Step[] => [
  ['POST', '/v1/admin/permissions', { name }],
  ['POST', '/v1/admin/roles', { name }],
  ['PUT', `/v1/admin/roles/${name}/permissions/${name}`],
  ['PUT', `/v1/admin/users/${userId}/roles/${name}`],
  ['PUT', `/v1/admin/users/${userId}/permissions/${name}`],
  ['GET', `/v1/admin/users/${userId}`],
  ['GET', `/v1/admin/users/${userId}/sessions`],
  ['GET', `/v1/admin/users?username_prefix=${name}`],
  ['GET', '/v1/admin/access-document'],
  ['GET', '/v1/admin/audit-events?limit=5'],
  ['GET', '/v1/admin/statistics'],
  ['DELETE', `/v1/admin/users/${userId}/sessions`],
  ['DELETE', `/v1/admin/roles/${name}`],
  ['DELETE', `/v1/admin/permissions/${name}`],
];

async function newUsers() {
  const users: { token: string; refreshToken: string; password: string; id: string }[] = [];
  while (users.length < atOnce) {
    const { credentials, tokens } = await client.newSession();
    const { body } = await client.me(tokens.access_token);
    const { access_token: token, refresh_token: refreshToken } = tokens;
    users.push({ token, refreshToken, password: credentials.password, id: String(body.id) });
  }
  return users;
}

test('with one connection for all requests none waits for a second one, and all are answered', async () => {
  const [users, administered, refreshing] = [await newUsers(), await newUsers(), await newUsers()];
  const refresh = async (refreshToken: string) => {
    const { status } = await client.refresh(refreshToken);
    return status === 200 ? [] : [`refresh: ${status}`];
  };
  const bad = await Promise.all([
    ...users.map(({ token, password }) => take(token, account(password))),
    ...refreshing.map(({ refreshToken }) => refresh(refreshToken)),
    ...administered.map(({ id }, index) =>
      take(administration.token, administering(id, `tests.pool${process.pid}x${index}`)),
    ),
  ]);
  expect(bad.flat()).toEqual([]);
});
