import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../dev/eventually.ts';
import { administratorToken } from './harness/administrator-token.ts';
import { ApiProcess } from './harness/api-process.ts';
import { enroll } from './harness/authenticator.ts';
import { type Answer, Client, type Credentials, newCredentials, type Tokens, unlessBusy } from './harness/client.ts';
import { MailFolder } from './harness/mail-folder.ts';
import { connect } from './harness/postgres.ts';
import { runningStack } from './harness/running-stack.ts';
import { serveEnvironment } from './harness/stack.ts';

const mails = new MailFolder();
let api: ApiProcess;
let client: Client;
let adminToken: string;
beforeAll(async () => {
  api = await ApiProcess.start({ ...serveEnvironment(runningStack()), ...mails.environment });
  client = new Client(api.url);
  adminToken = await administratorToken(client);
});
afterAll(() => api?.stop());

const admin = (method: string, path: string, body?: object) =>
  client.send(method, `/v1/admin${path}`, { token: adminToken, body });
const login = (credentials: Credentials) => unlessBusy(() => client.login(credentials));
const problemOf = (code: string) => ({ type: `https://authcluster.dev/problems/${code}` });
const refused = { status: 401, body: problemOf('invalid-credentials') };
const refusedAgain = {
  status: 422,
  body: { errors: [{ pointer: '/new_password', detail: 'must be another one than before' }] },
};
const over = { status: 401, body: problemOf('invalid-password-change-token') };

async function newPerson() {
  const { credentials, tokens } = await client.newSession();
  const { body } = await client.me(tokens.access_token);
  return { credentials, tokens, id: String(body.id), token: tokens.access_token };
}

async function newForced(query = '') {
  const person = await newPerson();
  expect((await admin('PUT', `/users/${person.id}/password-change${query}`)).status).toBe(204);
  return person;
}

function challengeOf(answer: Answer<unknown>): string {
  expect(answer).toMatchObject({ status: 403, body: problemOf('password-change-required') });
  return (answer.body as { password_change_token: string }).password_change_token;
}

const setPassword = (token: string, new_password = newCredentials().password) => {
  const body = { password_change_token: token, new_password };
  return unlessBusy(() => client.send<Tokens>('POST', '/v1/login/password', { body }));
};

describe('an account that has to get another password', () => {
  test('has no session before it has one, and then has', async () => {
    const { id, credentials, token, tokens } = await newForced();
    expect((await client.verify(token)).status).toBe(401);
    expect((await client.refresh(tokens.refresh_token)).status).toBe(401);
    expect((await admin('GET', `/users/${id}`)).body).toMatchObject({ password_change_required: true });
    const { password } = newCredentials();
    const set = await setPassword(challengeOf(await login(credentials)), password);
    expect(set.status).toBe(200);
    expect((await client.verify(set.body.access_token)).status).toBe(200);
    expect(await login(credentials)).toMatchObject(refused);
    expect((await login({ ...credentials, password })).status).toBe(200);
    expect((await admin('GET', `/users/${id}`)).body).toMatchObject({ password_change_required: false });
  });

  test('is answered a wrong password as any other', async () => {
    const [forced, other] = [await newForced(), await newPerson()];
    const wrong = ({ credentials }: { credentials: Credentials }) => login({ ...credentials, password: 'wrong' });
    const [asked, usual] = [await wrong(forced), await wrong(other)];
    expect(asked).toMatchObject(refused);
    expect(asked.body).toEqual(usual.body);
  });

  test('takes none that is too weak, nor the same again, and then another', async () => {
    const { credentials } = await newForced();
    const token = challengeOf(await login(credentials));
    const weak = { status: 422, body: { errors: [{ pointer: '/new_password' }] } };
    expect(await setPassword(token, credentials.username)).toMatchObject(weak);
    expect(await setPassword(token, credentials.password)).toMatchObject(refusedAgain);
    expect((await setPassword(token)).status).toBe(200);
    expect(await setPassword(token)).toMatchObject(over);
  });

  test('takes one of two at the same time', async () => {
    const { credentials } = await newForced();
    const token = challengeOf(await login(credentials));
    const answers = await Promise.all([setPassword(token), setPassword(token)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
  });

  test('keeps its sessions where that is wanted, and is free once they have changed the password', async () => {
    const { credentials, token } = await newForced('?sessions=keep');
    expect((await client.verify(token)).status).toBe(200);
    challengeOf(await login(credentials));
    const { password } = newCredentials();
    const change = (new_password: string) => {
      const body = { current_password: credentials.password, new_password };
      return unlessBusy(() => client.send('POST', '/v1/me/password', { token, body }));
    };
    expect(await change(credentials.password)).toMatchObject(refusedAgain);
    expect((await change(password)).status).toBe(204);
    expect((await login({ ...credentials, password })).status).toBe(200);
  });

  test('is free again if the administrator thinks better of it', async () => {
    const { id, credentials } = await newForced();
    expect((await admin('DELETE', `/users/${id}/password-change`)).status).toBe(204);
    expect((await login(credentials)).status).toBe(200);
  });

  test('that has begun to set one has to begin anew when it is required once more', async () => {
    const { id, credentials } = await newForced();
    const token = challengeOf(await login(credentials));
    await admin('PUT', `/users/${id}/password-change`);
    expect(await setPassword(token)).toMatchObject(over);
  });

  /** What an administrator does while the new password is hashed. */
  test.each([
    ['disabled', "status = 'disabled'"],
    ['asked once more', 'password_change_required = true, credential_version = credential_version + 1'],
  ])('that is %s while it sets one keeps the old one, and has to change it', async (_, change) => {
    const { id, credentials } = await newForced();
    const token = challengeOf(await login(credentials));
    const database = await connect(runningStack().primaryPort, 'auth_app');
    try {
      await database.query('BEGIN');
      await database.query(`UPDATE auth.users SET ${change} WHERE id = $1`, [id]);
      const setting = setPassword(token);
      const waiting = 'SELECT pid FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))';
      await eventually(async () => expect((await database.query(waiting)).rows).toHaveLength(1));
      await database.query('COMMIT');
      expect(await setting).toMatchObject(over);
      await database.query(`UPDATE auth.users SET status = 'active' WHERE id = $1`, [id]);
    } finally {
      await database.end();
    }
    challengeOf(await login(credentials));
  });

  test('is free after a reset by mail', async () => {
    const credentials = newCredentials();
    const email = `${credentials.username}@example.com`;
    await unlessBusy(() => client.register({ ...credentials, email }));
    const { body } = await login(credentials);
    const token = body.access_token;
    const verification = { token: await mails.tokenTo(email, 'verify_email', credentials.username) };
    await client.send('POST', '/v1/me/email/verification/confirm', { token, body: verification });
    const { id } = (await client.me(token)).body;
    await admin('PUT', `/users/${id}/password-change`);
    await client.send('POST', '/v1/password-reset', { body: { identifier: email } });
    const { password } = newCredentials();
    const mailed = await mails.tokenTo(email, 'reset_password', credentials.username);
    const reset = (new_password: string) =>
      unlessBusy(() => client.send('POST', '/v1/password-reset/confirm', { body: { token: mailed, new_password } }));
    expect(await reset(credentials.password)).toMatchObject(refusedAgain);
    expect(await reset(password)).toMatchObject({ status: 204 });
    expect((await login({ ...credentials, password })).status).toBe(200);
  });
});

describe('with a second factor', () => {
  test('the code comes first, and the session has both', async () => {
    const { id, credentials, token } = await newPerson();
    const { authenticator } = await enroll(client, token);
    await admin('PUT', `/users/${id}/password-change`);
    const asked = (await login(credentials)) as unknown as Answer<{ mfa_token: string }>;
    expect(asked).toMatchObject({ status: 403, body: problemOf('mfa-required') });
    const { mfa_token } = asked.body;
    expect(await setPassword(mfa_token)).toMatchObject(over);
    const body = { mfa_token, code: await authenticator.nextCode() };
    const change = challengeOf(await client.send('POST', '/v1/login/mfa', { body }));
    const asCode = { mfa_token: change, code: authenticator.wrongCode() };
    expect(await client.send('POST', '/v1/login/mfa', { body: asCode })).toMatchObject({
      status: 401,
      body: problemOf('invalid-mfa-token'),
    });
    const set = await setPassword(change);
    expect(set.status).toBe(200);
    const [, payload = ''] = set.body.access_token.split('.');
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({ acr: 'aal2' });
  });
});

describe('a second factor that is asked for only since the login began', () => {
  test('makes it begin anew where the owner has added one', async () => {
    const { credentials, token } = await newForced('?sessions=keep');
    const change = challengeOf(await login(credentials));
    await enroll(client, token);
    expect(await setPassword(change)).toMatchObject(over);
    expect(await login(credentials)).toMatchObject({ status: 403, body: problemOf('mfa-required') });
  });

  test('makes it begin anew where a role requires one', async () => {
    const { id, credentials } = await newForced();
    const change = challengeOf(await login(credentials));
    const role = `mfa.${randomUUID()}`;
    await admin('POST', '/roles', { name: role });
    await admin('PUT', `/users/${id}/roles/${role}`);
    expect((await admin('PUT', `/roles/${role}/second-factor`)).status).toBe(204);
    expect(await setPassword(change)).toMatchObject(over);
    expect(await login(credentials)).toMatchObject({ status: 403, body: problemOf('mfa-enrollment-required') });
  });
});

test('the audit log tells who required it, and how the logins ended', async () => {
  const { id, credentials } = await newForced();
  await setPassword(challengeOf(await login(credentials)));
  const { body: me } = await client.me(adminToken);
  const { body: required } = await admin('GET', `/audit-events?subject=${id}&type=require_password_change`);
  expect(required.items).toEqual([
    expect.objectContaining({ outcome: 'success', actor_id: me.id, details: { sessions: 'end' } }),
  ]);
  const { body: set } = await admin('GET', `/audit-events?subject=${id}&type=complete_password_change`);
  expect(set.items).toEqual([
    expect.objectContaining({ outcome: 'success', actor_id: id, session_id: expect.any(String) }),
  ]);
});
