import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../dev/eventually.ts';
import { Ed25519AccessTokens } from '../src/security/access-token.ts';
import { parseKeySet } from '../src/security/key-set.ts';
import { administratorToken } from './harness/administrator-token.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Authenticator, enroll } from './harness/authenticator.ts';
import { type Answer, Client, type Credentials, newCredentials, type Tokens, unlessBusy } from './harness/client.ts';
import { connect } from './harness/postgres.ts';
import { runningStack } from './harness/running-stack.ts';
import { administrator, serveEnvironment } from './harness/stack.ts';

let api: ApiProcess;
let client: Client;
let adminToken: string;
beforeAll(async () => {
  const environment = { ...serveEnvironment(runningStack()), SECOND_FACTOR_RATE_PER_ACCOUNT: '8/3600' };
  api = await ApiProcess.start({ ...environment, SERVICE_NAME: 'Café & Co' });
  client = new Client(api.url);
  adminToken = await administratorToken(client);
});
afterAll(() => api?.stop());

interface Person {
  readonly credentials: Credentials;
  readonly id: string;
  readonly tokens: Tokens;
}

interface Enrolled extends Person {
  readonly authenticator: Authenticator;
  readonly recoveryCodes: readonly string[];
}

const path = '/v1/me/second-factor';
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
const state = async (token: string) => (await client.send('GET', path, { token })).body;
const admin = (method: string, adminPath: string, body?: object, token = adminToken) =>
  client.send(method, `/v1/admin${adminPath}`, { token, ...(body === undefined ? {} : { body }) });

async function newPerson(): Promise<Person> {
  const { credentials, tokens } = await client.newSession();
  return { credentials, tokens, id: claimsOf(tokens.access_token).sub };
}

async function newEnrolled(): Promise<Enrolled> {
  const person = await newPerson();
  return { ...person, ...(await enroll(client, person.tokens.access_token)) };
}

/** The token that the first half of a login is answered with. */
async function beginLogin(credentials: Credentials, type = 'mfa-required'): Promise<string> {
  const answer = (await unlessBusy(() => client.login(credentials))) as unknown as Answer<{ mfa_token: string }>;
  expect(answer).toMatchObject({ status: 403, body: { type: `https://authcluster.dev/problems/${type}` } });
  return answer.body.mfa_token;
}

const completeLogin = (mfaToken: string, code: string) =>
  client.send<Tokens>('POST', '/v1/login/mfa', { body: { mfa_token: mfaToken, code } });
const stepUp = (token: string, body: object) =>
  unlessBusy(() => client.send<Tokens>('POST', '/v1/step-up', { token, body }));
const wrong = { status: 422, body: { errors: [{ pointer: '/code' }] } };
const over = { status: 401, body: { type: 'https://authcluster.dev/problems/invalid-mfa-token' } };
const stepUpNeeded = { status: 401, body: { type: 'https://authcluster.dev/problems/step-up-needed' } };

/** The same token as somebody would hold who has shown long ago who they are. */
function agedToken(token: string): string {
  const keys = parseKeySet(readFileSync(join(runningStack().directory, 'keys', 'keyset.json'), 'utf8'));
  const { iss: issuer, aud: audience } = claimsOf(token);
  const tokens = new Ed25519AccessTokens({ issuer, audience, keys: () => keys });
  const claims = tokens.verify(token, Date.now() / 1000);
  if (claims === undefined) throw new Error('the token is not good');
  return tokens.sign({ ...claims, authenticatedAtSeconds: claims.issuedAtSeconds - 86_400, tokenId: randomUUID() });
}

/** What is asked waits, at the statement of that name, for a change that is about to be committed. */
async function whileChanging<T>(
  change: string,
  values: readonly unknown[],
  waiting: keyof typeof waitingStatements,
  ask: () => Promise<T>,
): Promise<T> {
  const database = await connect(runningStack().primaryPort, 'postgres');
  try {
    await database.query('BEGIN');
    await database.query(change, [...values]);
    const asked = ask();
    await eventually(async () => {
      await database.query('SELECT pg_stat_clear_snapshot()');
      const found = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1";
      expect((await database.query(found, [waitingStatements[waiting]])).rowCount).toBe(1);
    });
    await database.query('COMMIT');
    return await asked;
  } finally {
    await database.end();
  }
}

const waitingStatements = {
  confirm: '%SET is_confirmed = true%',
  remove: 'DELETE FROM auth.second_factors%',
  use: '%SET last_used_step = $2%is_confirmed AND%',
};

describe('enrolling', () => {
  test('shows a secret, a URI and a QR code, and counts once a code was shown', async () => {
    const { credentials, tokens } = await newPerson();
    const token = tokens.access_token;
    expect(await state(token)).toEqual({ is_enabled: false, is_required: false, recovery_codes_left: 0 });
    const { body } = await client.send<Record<string, string>>('POST', path, { token });
    const uri = new URL(body.otpauth_uri ?? '');
    expect([uri.protocol, uri.host]).toEqual(['otpauth:', 'totp']);
    expect(decodeURIComponent(uri.pathname)).toBe(`/Café & Co:${credentials.username}`);
    expect(Object.fromEntries(uri.searchParams)).toEqual({
      secret: body.secret,
      issuer: 'Café & Co',
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    });
    expect(body.qr_code_svg).toMatch(/^<svg /);
    expect((await client.login(credentials)).status).toBe(200);
    expect(await state(token)).toMatchObject({ is_enabled: false });
  });

  test('does not end with the code of a secret that another one replaced meanwhile', async () => {
    const { id, tokens } = await newPerson();
    const { access_token: token } = tokens;
    const { body } = await client.send<{ secret: string }>('POST', path, { token });
    const code = await new Authenticator(body.secret).nextCode();
    const replaced = ['UPDATE auth.second_factors SET secret = $2 WHERE user_id = $1', [id, randomBytes(49)]] as const;
    const confirming = () => client.send('POST', `${path}/confirm`, { token, body: { code } });
    expect(await whileChanging(...replaced, 'confirm', confirming)).toMatchObject(wrong);
    expect(await state(token)).toMatchObject({ is_enabled: false });
  });

  test('ends with recovery codes that only their hashes are kept of', async () => {
    const person = await newEnrolled();
    expect(person.recoveryCodes).toHaveLength(10);
    const hashOf = (code: string) => createHash('sha256').update(code.replaceAll('-', '')).digest('hex');
    const database = await connect(runningStack().primaryPort, 'auth_app');
    const kept = `SELECT encode(code_hash, 'hex') AS hash FROM auth.recovery_codes WHERE user_id = $1`;
    const { rows } = await database.query<{ hash: string }>(kept, [person.id]).finally(() => database.end());
    expect(rows.map(({ hash }) => hash).sort()).toEqual(person.recoveryCodes.map(hashOf).sort());
    expect(await state(person.tokens.access_token)).toEqual({
      is_enabled: true,
      is_required: false,
      recovery_codes_left: 10,
    });
  });

  test('a second time needs the first factor to be removed', async () => {
    const { tokens, credentials } = await newEnrolled();
    const { access_token: token } = (await client.refresh(tokens.refresh_token)).body;
    expect(claimsOf(token)).toMatchObject({ acr: 'aal2' });
    expect((await client.send('POST', path, { token })).status).toBe(409);
    expect((await client.send('DELETE', path, { token })).status).toBe(204);
    expect((await client.login(credentials)).status).toBe(200);
    expect((await client.send('POST', path, { token })).status).toBe(200);
  });
});

describe('a login with a second factor', () => {
  test('is asked for a code, and tells in its tokens that there was one', async () => {
    const { credentials, authenticator, recoveryCodes } = await newEnrolled();
    const mfaToken = await beginLogin(credentials);
    expect(await completeLogin(mfaToken, authenticator.wrongCode())).toMatchObject(wrong);
    const { status, body } = await completeLogin(mfaToken, await authenticator.nextCode());
    expect(status).toBe(200);
    expect(claimsOf(body.access_token)).toMatchObject({
      acr: 'aal2',
      amr: ['pwd', 'otp', 'mfa'],
      auth_time: claimsOf(body.access_token).iat,
    });
    expect((await client.verify(body.access_token)).status).toBe(200);
    expect(await completeLogin(mfaToken, recoveryCodes[0] ?? '')).toMatchObject(over);
  });

  test('without one says so, too', async () => {
    const { tokens } = await newPerson();
    const { iat } = claimsOf(tokens.access_token);
    expect(claimsOf(tokens.access_token)).toMatchObject({ acr: 'aal1', amr: ['pwd'], auth_time: iat });
  });

  test('takes each code once, also of two at the same time', async () => {
    const { credentials, authenticator } = await newEnrolled();
    const mfaTokens = [await beginLogin(credentials), await beginLogin(credentials), await beginLogin(credentials)];
    const [first = '', ...others] = mfaTokens;
    const code = await authenticator.nextCode();
    const answers = await Promise.all(others.map((mfaToken) => completeLogin(mfaToken, code)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
    expect(await completeLogin(first, code)).toMatchObject(wrong);
  });

  test('takes each recovery code once, however it is typed', async () => {
    const { credentials, recoveryCodes, tokens } = await newEnrolled();
    const [code = ''] = recoveryCodes;
    const typed = ` ${code.toLowerCase().replaceAll('-', ' ')} `;
    expect((await completeLogin(await beginLogin(credentials), typed)).status).toBe(200);
    expect(await completeLogin(await beginLogin(credentials), code)).toMatchObject(wrong);
    expect(await state(tokens.access_token)).toMatchObject({ recovery_codes_left: 9 });
  });

  test('has to begin anew after five wrong codes', async () => {
    const { credentials, authenticator } = await newEnrolled();
    const mfaToken = await beginLogin(credentials);
    for (let turn = 0; turn < 5; turn += 1) {
      expect(await completeLogin(mfaToken, authenticator.wrongCode())).toMatchObject(wrong);
    }
    expect(await completeLogin(mfaToken, await authenticator.nextCode())).toMatchObject(over);
  });

  test('is limited for all tries of an account together, right codes included', async () => {
    const { credentials, authenticator } = await newEnrolled();
    const mfaTokens = [await beginLogin(credentials), await beginLogin(credentials)];
    const statuses = [];
    // One of eight was used to enroll.
    for (let turn = 0; turn < 7; turn += 1) {
      statuses.push((await completeLogin(mfaTokens[turn % 2] ?? '', authenticator.wrongCode())).status);
    }
    expect(statuses).toEqual(Array(7).fill(422));
    const limited = await completeLogin(mfaTokens[1] ?? '', await authenticator.nextCode());
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('is void when the password changes before its code comes', async () => {
    const { credentials, tokens, authenticator } = await newEnrolled();
    const mfaToken = await beginLogin(credentials);
    const { access_token: token } = (await client.refresh(tokens.refresh_token)).body;
    const change = { current_password: credentials.password, new_password: newCredentials().password };
    expect((await client.send('POST', '/v1/me/password', { token, body: change })).status).toBe(204);
    expect(await completeLogin(mfaToken, await authenticator.nextCode())).toMatchObject(over);
  });

  test.each(['', 'x'.repeat(65), 123456])('refuses %j for a code', async (code) => {
    const body = { mfa_token: 'x', code };
    expect(await client.send('POST', '/v1/login/mfa', { body })).toMatchObject(wrong);
  });

  test('refuses a token that it never gave', async () => {
    expect(await completeLogin('guessed', '123456')).toMatchObject(over);
  });
});

describe('step-up', () => {
  test('is needed for what is sensitive once the login is old, and gives another token of the session', async () => {
    const { credentials, tokens } = await newPerson();
    const aged = agedToken(tokens.access_token);
    const refused = await client.send('POST', path, { token: aged });
    expect(refused).toMatchObject(stepUpNeeded);
    expect(refused.headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_user_authentication", max_age="900"',
    );
    expect(await stepUp(aged, { password: 'not mine' })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/password' }] },
    });
    const { body } = await stepUp(aged, { password: credentials.password });
    expect(claimsOf(body.access_token)).toMatchObject({ sid: claimsOf(aged).sid, acr: 'aal1' });
    expect((await client.send('POST', path, { token: body.access_token })).status).toBe(200);
  });

  test('tells in its token the roles of now', async () => {
    const { credentials, id, tokens } = await newPerson();
    const role = `clerk.${randomUUID()}`;
    await admin('POST', '/roles', { name: role });
    await admin('PUT', `/users/${id}/roles/${role}`);
    const granted = (await stepUp(tokens.access_token, { password: credentials.password })).body.access_token;
    expect(claimsOf(granted).roles).toEqual([role]);
    await admin('DELETE', `/users/${id}/roles/${role}`);
    const revoked = (await stepUp(granted, { password: credentials.password })).body.access_token;
    expect(claimsOf(revoked).roles).toEqual([]);
  });

  test('asks for a code where there is a second factor that the session has not shown', async () => {
    const { credentials, tokens } = await newPerson();
    const other = (await client.login(credentials)).body.access_token;
    const { authenticator } = await enroll(client, tokens.access_token);
    const refused = await client.send('DELETE', path, { token: other });
    expect(refused.headers.get('www-authenticate')).toContain('acr_values="aal2"');
    expect(await stepUp(other, { password: credentials.password })).toMatchObject(wrong);
    expect(await stepUp(other, { password: credentials.password, code: authenticator.wrongCode() })).toMatchObject(
      wrong,
    );
    const code = await authenticator.nextCode();
    const { body } = await stepUp(other, { password: credentials.password, code });
    expect(claimsOf(body.access_token)).toMatchObject({ acr: 'aal2' });
    expect((await client.send('DELETE', path, { token: body.access_token })).status).toBe(204);
  });

  test.each([
    ['POST', '/v1/me/password', { current_password: 'x', new_password: 'y' }],
    ['DELETE', '/v1/me', { password: 'x' }],
    ['DELETE', path, undefined],
    ['POST', `${path}/recovery-codes`, undefined],
    ['PATCH', '/v1/me', { email: 'other@example.com' }],
  ])('comes before %s %s', async (method, route, body) => {
    const { tokens } = await newPerson();
    const token = agedToken(tokens.access_token);
    const headers = { 'if-match': '"1"' };
    const answer = await client.send(method, route, { token, headers, ...(body === undefined ? {} : { body }) });
    expect(answer).toMatchObject(stepUpNeeded);
  });

  test('is not asked for by a change of the name', async () => {
    const { tokens } = await newPerson();
    const etag = (await client.me(tokens.access_token)).headers.get('etag') ?? '';
    const request = { token: agedToken(tokens.access_token), headers: { 'if-match': etag } };
    expect((await client.send('PATCH', '/v1/me', { ...request, body: { display_name: 'Ada' } })).status).toBe(200);
  });
});

describe('two requests at once', () => {
  const confirmed = 'UPDATE auth.second_factors SET is_confirmed = true WHERE user_id = $1';

  test('a factor that is confirmed meanwhile is not removed by who has not shown it', async () => {
    const { id, tokens } = await newPerson();
    const { access_token: token } = tokens;
    await client.send('POST', path, { token });
    const removing = () => client.send('DELETE', path, { token });
    expect(await whileChanging(confirmed, [id], 'remove', removing)).toMatchObject(stepUpNeeded);
    expect(await state(token)).toMatchObject({ is_enabled: true });
  });

  test('a login ends with no code of a secret that another one replaced meanwhile, or that was removed', async () => {
    const changes = ['UPDATE auth.second_factors SET secret = $2', 'DELETE FROM auth.second_factors'];
    for (const change of changes) {
      const { authenticator, credentials, id } = await newEnrolled();
      const [mfaToken, code] = [await beginLogin(credentials), await authenticator.nextCode()];
      const values = change.includes('$2') ? [id, randomBytes(49)] : [id];
      const login = () => completeLogin(mfaToken, code);
      expect(await whileChanging(`${change} WHERE user_id = $1`, values, 'use', login)).toMatchObject(wrong);
    }
  });
});

test('recovery codes that are renewed replace those before', async () => {
  const { credentials, tokens, recoveryCodes } = await newEnrolled();
  const { access_token: token } = (await client.refresh(tokens.refresh_token)).body;
  const { body } = await client.send<{ recovery_codes: string[] }>('POST', `${path}/recovery-codes`, { token });
  expect(await completeLogin(await beginLogin(credentials), recoveryCodes[0] ?? '')).toMatchObject(wrong);
  expect((await completeLogin(await beginLogin(credentials), body.recovery_codes[0] ?? '')).status).toBe(200);
});

describe('a role that requires a second factor', () => {
  async function requiredOf(person: Person): Promise<string> {
    const role = `mfa.${randomUUID()}`;
    await admin('POST', '/roles', { name: role });
    await admin('PUT', `/users/${person.id}/roles/${role}`);
    expect((await admin('PUT', `/roles/${role}/second-factor`)).status).toBe(204);
    return role;
  }

  test('makes logins enroll first, by the token of the login alone', async () => {
    const person = await newPerson();
    await requiredOf(person);
    const mfaToken = await beginLogin(person.credentials, 'mfa-enrollment-required');
    expect(await completeLogin(mfaToken, '123456')).toMatchObject({ status: 409 });
    const { body } = await client.send<{ secret: string }>('POST', '/v1/login/mfa/enrollment', {
      body: { mfa_token: mfaToken },
    });
    const authenticator = new Authenticator(body.secret);
    const completed = await completeLogin(mfaToken, await authenticator.nextCode());
    expect(completed).toMatchObject({ status: 200, body: { recovery_codes: expect.any(Array) } });
    expect(claimsOf(completed.body.access_token)).toMatchObject({ acr: 'aal2' });
    await beginLogin(person.credentials);
  });

  test('ends with the next refresh what was opened without one, and leaves what was opened with', async () => {
    const [without, withOne] = [await newPerson(), await newEnrolled()];
    await requiredOf(without);
    await requiredOf(withOne);
    expect((await client.refresh(without.tokens.refresh_token)).status).toBe(401);
    expect((await client.refresh(withOne.tokens.refresh_token)).status).toBe(200);
  });

  test('ends with the next step-up what was opened without one, too', async () => {
    const person = await newPerson();
    await requiredOf(person);
    const { password } = person.credentials;
    expect((await stepUp(person.tokens.access_token, { password })).status).toBe(401);
  });

  test('keeps its users from removing theirs, until it requires none any more', async () => {
    const person = await newEnrolled();
    const role = await requiredOf(person);
    const { access_token: token } = (await client.refresh(person.tokens.refresh_token)).body;
    expect(await client.send('DELETE', path, { token })).toMatchObject({ status: 409 });
    expect((await admin('DELETE', `/roles/${role}/second-factor`)).status).toBe(204);
    expect((await client.send('DELETE', path, { token })).status).toBe(204);
  });

  test('is shown in the list of roles', async () => {
    const role = await requiredOf(await newPerson());
    const listed = async (cursor = ''): Promise<unknown> => {
      const { body } = await admin('GET', `/roles?limit=100${cursor}`);
      const { items, next_cursor: next } = body as { items: { name: string }[]; next_cursor: string | null };
      return items.find(({ name }) => name === role) ?? (next === null ? undefined : listed(`&cursor=${next}`));
    };
    await eventually(async () => expect(await listed()).toMatchObject({ requires_second_factor: true }));
  });
});

test('an administrator takes the second factor from whoever has lost it, after a step-up', async () => {
  const { credentials, id } = await newEnrolled();
  const aged = agedToken(adminToken);
  expect(await admin('DELETE', `/users/${id}/second-factor`, undefined, aged)).toMatchObject(stepUpNeeded);
  const { body } = await stepUp(aged, { password: administrator.password });
  expect((await admin('DELETE', `/users/${id}/second-factor`, undefined, body.access_token)).status).toBe(204);
  expect((await client.login(credentials)).status).toBe(200);
});
