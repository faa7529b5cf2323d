import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../../dev/eventually.ts';
import { administratorToken } from './harness/administrator-token.ts';
import { ApiProcess } from './harness/api-process.ts';
import { enroll } from './harness/authenticator.ts';
import { Client, newCredentials, unlessBusy } from './harness/client.ts';
import { connect } from './harness/postgres.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

let api: ApiProcess;
let client: Client;
let adminToken: string;
beforeAll(async () => {
  api = await ApiProcess.start(serveEnvironment(runningStack()));
  client = new Client(api.url);
  adminToken = await administratorToken(client);
});
afterAll(() => api?.stop());

const admin = (method: string, path: string, body?: object) =>
  client.send(method, `/v1/admin${path}`, { token: adminToken, ...(body === undefined ? {} : { body }) });

interface PersonalData {
  readonly account: Record<string, unknown>;
  readonly roles: readonly unknown[];
  readonly permissions: readonly unknown[];
  readonly sessions: readonly Record<string, unknown>[];
  readonly second_factor: object | null;
  readonly audit_events: readonly Record<string, unknown>[];
}

/** Of whom everything is kept that can be. */
async function newPerson() {
  const credentials = newCredentials();
  const email = `${credentials.username}@example.com`;
  const displayName = `Ada ${credentials.username}`;
  const fields = { email, display_name: displayName, locale: 'en' };
  expect(await unlessBusy(() => client.register({ ...credentials, ...fields }))).toMatchObject({ status: 201 });
  const { body: tokens } = await unlessBusy(() => client.login(credentials));
  const token = tokens.access_token;
  const id = String((await client.me(token)).body.id);
  const role = `tests.personal${randomUUID()}`;
  await admin('POST', '/roles', { name: role });
  expect((await admin('PUT', `/users/${id}/roles/${role}`)).status).toBe(204);
  const { recoveryCodes } = await enroll(client, token);
  // The code was shown in the session; its next token says so.
  const renewed = (await client.refresh(tokens.refresh_token)).body;
  return { credentials, email, displayName, id, role, recoveryCodes, token: renewed.access_token, tokens: renewed };
}

const ownData = (token: string) => client.send<PersonalData>('GET', '/v1/me/personal-data', { token });

test('is one document with all that is kept, and with no secret', async () => {
  const person = await newPerson();
  const { id, email, role, token, credentials } = person;
  // What logins leave in the log is written soon.
  const { status, body } = await eventually(async () => {
    const answer = await ownData(token);
    expect(answer.body.audit_events).toContainEqual(expect.objectContaining({ type: 'confirm_second_factor' }));
    return answer;
  });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    account: { id, username: credentials.username, email, email_verified: false, status: 'active' },
    roles: [{ name: role, granted_by: expect.any(String) }],
    permissions: [],
    sessions: [{ ended_at: null, has_second_factor: true, client_address: expect.any(String) }],
    second_factor: { is_enabled: true, recovery_codes_left: 10 },
  });
  const types = body.audit_events.map(({ type }) => type);
  expect(types).toEqual(expect.arrayContaining(['register', 'login', 'grant_role']));
  const text = JSON.stringify(body);
  const secrets = [credentials.password, person.tokens.refresh_token, ...person.recoveryCodes];
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  expect(text).not.toMatch(/\$2[aby]\$|\$argon2|\$scrypt/);
});

test('tells what an administrator did, and not from where', async () => {
  const { id, role, token } = await newPerson();
  const { body } = await ownData(token);
  expect(body.audit_events).toContainEqual(
    expect.objectContaining({ type: 'grant_role', details: { role }, client_address: null, user_agent: null }),
  );
  const { status, body: same } = await admin('GET', `/users/${id}/personal-data`);
  expect([status, (same as unknown as PersonalData).account.id]).toEqual([200, id]);
  const { body: log } = await admin('GET', `/audit-events?type=get_personal_data&subject=${id}`);
  expect(log.items).toEqual([expect.objectContaining({ outcome: 'success', client_address: expect.any(String) })]);
  expect((await client.send('GET', `/v1/admin/users/${id}/personal-data`, { token })).status).toBe(403);
  expect((await admin('GET', `/users/${randomUUID()}/personal-data`)).status).toBe(404);
});

test('is in no table any more once the account is deleted; events of it name nobody', async () => {
  const { credentials, id } = await newPerson();
  expect(await tablesWith(credentials.username)).toEqual(['users']);
  expect((await admin('DELETE', `/users/${id}`)).status).toBe(204);
  expect(await tablesWith(credentials.username)).toEqual([]);
  // Which has what caches are told, for a moment.
  const left = (await tablesWith(id)).filter((table) => table !== 'outbox');
  expect(left).toEqual(['audit_events']);
  expect((await admin('GET', `/users/${id}/personal-data`)).status).toBe(404);
});

/** Every table of the database that has the text in some row; the months of the log come and go while other tests run. */
async function tablesWith(text: string): Promise<string[]> {
  const database = await connect(runningStack().primaryPort, 'auth_migrator');
  try {
    const { rows: tables } = await database.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'auth' AND (c.relkind = 'p' OR c.relkind = 'r' AND c.relname NOT LIKE 'audit_events%') ORDER BY 1`,
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const { rows } = await database.query(`SELECT FROM auth.${name} t WHERE t::text ILIKE '%' || $1 || '%' LIMIT 1`, [
        text,
      ]);
      if (rows.length > 0) found.push(name);
    }
    return found;
  } finally {
    await database.end();
  }
}
