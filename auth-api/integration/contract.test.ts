import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { administratorToken } from './harness/administrator-token.ts';
import { whileAloneInCharge } from './harness/alone-in-charge.ts';
import { ApiProcess } from './harness/api-process.ts';
import { Authenticator, enroll } from './harness/authenticator.ts';
import { type Answer, Client, newCredentials } from './harness/client.ts';
import { MailFolder } from './harness/mail-folder.ts';
import { basic as basicOf, newServiceKeys } from './harness/oauth.ts';
import { runningStack } from './harness/running-stack.ts';
import { oauthClient, serveEnvironment } from './harness/stack.ts';

interface Operation {
  readonly operationId: string;
  readonly description?: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly { name: string; in: string; schema: object }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<Record<string, { content?: Record<string, { schema: { $ref: string } }> }>>;
}

const document = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8')) as {
  paths: Record<string, Record<string, Operation>>;
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(document, 'openapi');

const mails = new MailFolder();
const withoutMail: Record<string, string> = {
  ...serveEnvironment(runningStack()),
  LOGIN_RATE_PER_NETWORK: '2/60',
  REGISTRATION_RATE_PER_NETWORK: '2/60',
  RECOVERY_RATE_PER_NETWORK: '2/60',
  RECOVERY_RATE_PER_ACCOUNT: '2/60',
  SECOND_FACTOR_RATE_PER_ACCOUNT: '2/60',
  CLIENT_FAILURE_RATE: '2/60',
};
const environment: Record<string, string> = {
  ...withoutMail,
  // One connection for requests: whatever waited for a second one while it holds it would be answered 503.
  POSTGRES_WRITE_POOL_SIZE: '3',
  POSTGRES_READ_POOL_SIZE: '1',
  ...mails.environment,
  BROWSER_ORIGINS: 'https://app.example.com',
};
let api: ApiProcess;
/** Its servers are not there. */
let cutOff: ApiProcess;
/** Where accounts are made by administrators alone, nobody gets mail, and each account is tried twice a minute. */
let closed: ApiProcess;
let client: Client;
let adminToken: string;
let userToken: string;
beforeAll(async () => {
  const { POSTGRES_READ_HOST: _, ADMIN_CREDENTIALS_DIR: __, ...alone } = environment;
  [api, cutOff, closed] = await Promise.all([
    ApiProcess.start(environment),
    ApiProcess.start({ ...alone, POSTGRES_WRITE_PORT: '1', REDIS_NODES: '' }),
    ApiProcess.start({ ...withoutMail, REGISTRATION: 'closed', LOGIN_RATE_PER_ACCOUNT: '2/60' }),
  ]);
  client = new Client(api.url);
  adminToken = await administratorToken(client, 120_000);
  userToken = (await client.newSession()).tokens.access_token;
}, 240_000);
afterAll(() => Promise.all([api?.stop(), cutOff?.stop(), closed?.stop()]));

let made = 0;
const newName = () => `contract.n${process.pid}x${++made}`;
const as = (token: string, body?: object) => ({ token, ...(body === undefined ? {} : { body }) });
const admin = (method: string, path: string, body?: object) =>
  client.send(method, `/v1/admin${path}`, as(adminToken, body));

const basic = basicOf(oauthClient.id, oauthClient.secret);
function form(path: string, fields: Record<string, string>, authorization = basic, to = client, others = {}) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization, ...others };
  return to.send('POST', path, { body: new URLSearchParams(fields).toString(), headers });
}

const importLines = (body: string, to = client) => {
  const headers = { 'content-type': 'application/x-ndjson' };
  return to.send('POST', '/v1/admin/users/import', { token: adminToken, body, headers });
};

const grant = { grant_type: 'client_credentials' };

/** Wrong credentials from a network. */
function guess(path: string, network = '') {
  return form(path, {}, 'Basic !', client, { 'x-forwarded-for': network });
}

async function newService(fields: object = {}) {
  const name = newName();
  const { headers, body } = await admin('POST', '/clients', { name, ...fields });
  const id = String(body.id);
  return { id, name, etag: headers.get('etag') ?? '', basic: basicOf(id, String(body.client_secret)) };
}

const noVersion = { 'if-match': '"9999"' };

function changeService({ id, etag }: { id: string; etag: string }, body: object) {
  return client.send('PATCH', `/v1/admin/clients/${id}`, { ...as(adminToken, body), headers: { 'if-match': etag } });
}

async function newUser() {
  const { credentials, tokens } = await client.newSession();
  const { body } = await client.me(tokens.access_token);
  return { ...credentials, ...tokens, token: tokens.access_token, id: String(body.id) };
}

/** What is asked about who alone may change roles. */
async function ofWhoIsNeeded(ask: (user: Awaited<ReturnType<typeof newUser>>) => Promise<Answer>): Promise<Answer> {
  const user = await newUser();
  await admin('PUT', `/users/${user.id}/permissions/authcluster.roles.write`);
  return whileAloneInCharge(user.id, () => ask(user));
}

/** Limits let some through again with time: on a busy machine it takes more than two to be beyond one. */
const MOST_TRIES = 10;

/** The first answer that says no, of several from one network. */
async function beyondLimit(send: (headers: Record<string, string>) => Promise<Answer>, network: string) {
  const headers = { 'x-forwarded-for': network };
  for (let tries = 1; tries < MOST_TRIES; tries += 1) {
    const answer = await send(headers);
    if (answer.status === 429) return answer;
  }
  return send(headers);
}

/** Of somebody who holds a token, and does not know the password. */
async function guessTooOften(method: string, path: string, body: object) {
  const { token } = await newUser();
  return beyondLimit(() => new Client(closed.url).send(method, path, as(token, body)), '');
}

/** Who has verified an address, or is about to. */
async function newAddressee(email = `${newName()}@example.com`) {
  const credentials = newCredentials();
  await client.register({ ...credentials, email });
  const { body } = await client.login(credentials);
  const mailed = await mails.tokenTo(email, 'verify_email', credentials.username);
  const confirm = () =>
    client.send('POST', '/v1/me/email/verification/confirm', as(body.access_token, { token: mailed }));
  return { ...credentials, email, token: body.access_token, confirm };
}

const forgot = (identifier: string, headers: Record<string, string> = {}) =>
  client.send('POST', '/v1/password-reset', { body: { identifier }, headers });
const reset = (token: string, headers: Record<string, string> = {}) => {
  const body = { token, new_password: newCredentials().password };
  return client.send('POST', '/v1/password-reset/confirm', { body, headers });
};
const askForVerification = (token: string, to = client) => to.send('POST', '/v1/me/email/verification', { token });

/** Who has a second factor, and a session that has shown it. */
async function newEnrolled() {
  const user = await newUser();
  const { authenticator } = await enroll(client, user.token);
  const { access_token: token } = (await client.refresh(user.refresh_token)).body;
  return { ...user, token, authenticator };
}

/** Who has a role that requires a second factor. */
async function newRequired() {
  const [user, role] = [await newUser(), await newRole()];
  await admin('PUT', `/roles/${role}/second-factor`);
  await admin('PUT', `/users/${user.id}/roles/${role}`);
  return user;
}

async function mfaTokenOf(user: Awaited<ReturnType<typeof newUser>>): Promise<string> {
  return ((await client.login(user)) as unknown as Answer<{ mfa_token: string }>).body.mfa_token;
}

const secondFactor = (method: string, token: string, sub = '', body?: object) =>
  client.send(method, `/v1/me/second-factor${sub}`, as(token, body));
const completeLogin = (mfaToken: string, code: string) =>
  client.send('POST', '/v1/login/mfa', { body: { mfa_token: mfaToken, code } });
const enrollDuringLogin = (mfaToken: string) =>
  client.send('POST', '/v1/login/mfa/enrollment', { body: { mfa_token: mfaToken } });
/** The token of somebody's login whose password must be changed. */
async function passwordChangeTokenOf(user: Awaited<ReturnType<typeof newUser>>): Promise<string> {
  await admin('PUT', `/users/${user.id}/password-change`);
  return ((await client.login(user)) as unknown as Answer<{ password_change_token: string }>).body
    .password_change_token;
}
const setPassword = (password_change_token: string, more = {}) => {
  const body = { password_change_token, new_password: newCredentials().password, ...more };
  return client.send('POST', '/v1/login/password', { body });
};
const stepUp = (token: string, body: object) => client.send('POST', '/v1/step-up', as(token, body));

async function newRole() {
  const name = newName();
  await admin('POST', '/roles', { name });
  return name;
}

async function newPermission() {
  const name = newName();
  await admin('POST', '/permissions', { name });
  return name;
}

type Exchange = () => Promise<Answer>;

const noAccess = { permissions: [], roles: [] };
const applyAccess = (document: object, etag: string) =>
  client.send('PUT', '/v1/admin/access-document', { ...as(adminToken, document), headers: { 'if-match': etag } });
const tooLarge =
  (method: string, sub = '') =>
  () =>
    admin(method, `/access-document${sub}`, { long: 'x'.repeat(530_000) });

/** How to get each answer that is particular to its operation; see impliedExchange for the others. */
const exchanges: Record<string, Record<number, Exchange>> = {
  register: {
    201: () => client.register({ ...newCredentials(), email: 'ada@example.com', display_name: 'Ada' }),
    403: () => new Client(closed.url).register(newCredentials()),
    409: async () => client.register({ ...newCredentials(), username: (await newUser()).username }),
    429: () =>
      beyondLimit((headers) => client.send('POST', '/v1/users', { body: newCredentials(), headers }), '203.0.113.71'),
  },
  login: {
    200: async () => client.login(await newUser()) as unknown as Promise<Answer>,
    401: () => client.login(newCredentials()) as unknown as Promise<Answer>,
    403: async () => client.login(await newEnrolled()) as unknown as Promise<Answer>,
    429: () =>
      beyondLimit((headers) => client.send('POST', '/v1/login', { body: newCredentials(), headers }), '203.0.113.72'),
  },
  complete_login: {
    200: async () => {
      const user = await newRequired();
      const mfaToken = await mfaTokenOf(user);
      const { body } = await enrollDuringLogin(mfaToken);
      return completeLogin(mfaToken, await new Authenticator(String(body.secret)).nextCode());
    },
    401: () => completeLogin('nonsense', '123456'),
    403: () => {
      const body = { mfa_token: 'nonsense', code: '123456', refresh_token_delivery: 'cookie' };
      return client.send('POST', '/v1/login/mfa', { body });
    },
    409: async () => completeLogin(await mfaTokenOf(await newRequired()), '123456'),
    429: async () => {
      const user = await newEnrolled();
      const mfaToken = await mfaTokenOf(user);
      return beyondLimit(() => completeLogin(mfaToken, user.authenticator.wrongCode()), '');
    },
  },
  enroll_during_login: {
    200: async () => enrollDuringLogin(await mfaTokenOf(await newRequired())),
    401: () => enrollDuringLogin('nonsense'),
    409: async () => enrollDuringLogin(await mfaTokenOf(await newEnrolled())),
  },
  start_second_factor: {
    200: async () => secondFactor('POST', (await newUser()).token),
    409: async () => secondFactor('POST', (await newEnrolled()).token),
  },
  confirm_second_factor: {
    200: async () => {
      const { token } = await newUser();
      const { body } = await secondFactor('POST', token);
      const code = await new Authenticator(String(body.secret)).nextCode();
      return secondFactor('POST', token, '/confirm', { code });
    },
    409: async () => secondFactor('POST', (await newUser()).token, '/confirm', { code: '123456' }),
    429: async () => {
      const { token } = await newUser();
      const { body } = await secondFactor('POST', token);
      const code = new Authenticator(String(body.secret)).wrongCode();
      return beyondLimit(() => secondFactor('POST', token, '/confirm', { code }), '');
    },
  },
  remove_second_factor: {
    204: async () => secondFactor('DELETE', (await newEnrolled()).token),
    409: async () => secondFactor('DELETE', (await newRequired()).token),
  },
  renew_recovery_codes: {
    200: async () => secondFactor('POST', (await newEnrolled()).token, '/recovery-codes'),
    409: async () => secondFactor('POST', (await newUser()).token, '/recovery-codes'),
  },
  get_personal_data: {
    200: async () => admin('GET', `/users/${(await newEnrolled()).id}/personal-data`),
  },
  complete_password_change: {
    200: async () => setPassword(await passwordChangeTokenOf(await newUser())),
    401: () => setPassword('nonsense'),
    403: () => setPassword('nonsense', { refresh_token_delivery: 'cookie' }),
  },
  require_password_change: {
    204: async () => admin('PUT', `/users/${(await newUser()).id}/password-change`),
    422: async () => admin('PUT', `/users/${(await newUser()).id}/password-change?sessions=all`),
  },
  stop_requiring_password_change: {
    204: async () => admin('DELETE', `/users/${(await newUser()).id}/password-change`),
  },
  step_up: {
    200: async () => {
      const { token, password } = await newUser();
      return stepUp(token, { password });
    },
    429: async () => {
      const { token, password, authenticator } = await newEnrolled();
      return beyondLimit(() => stepUp(token, { password, code: authenticator.wrongCode() }), '');
    },
  },
  require_second_factor: { 204: async () => admin('PUT', `/roles/${await newRole()}/second-factor`) },
  stop_requiring_second_factor: { 204: async () => admin('DELETE', `/roles/${await newRole()}/second-factor`) },
  remove_account_second_factor: { 204: async () => admin('DELETE', `/users/${(await newUser()).id}/second-factor`) },
  refresh: {
    200: async () => (await client.refresh((await newUser()).refresh_token)) as unknown as Answer,
    401: async () => (await client.refresh('nonsense')) as unknown as Answer,
  },
  logout: { 204: async () => client.logout((await newUser()).refresh_token) },
  change_me: {
    200: async () => {
      const { token } = await newUser();
      const etag = (await client.me(token)).headers.get('etag') ?? '';
      return client.send('PATCH', '/v1/me', { ...as(token, { display_name: 'Bea' }), headers: { 'if-match': etag } });
    },
    412: () => client.send('PATCH', '/v1/me', { ...as(userToken, {}), headers: { 'if-match': '"9999"' } }),
    422: () => client.send('PATCH', '/v1/me', { ...as(userToken, { no_field: 1 }), headers: { 'if-match': '"1"' } }),
    428: () => client.send('PATCH', '/v1/me', as(userToken, {})),
  },
  delete_me: {
    204: async () => {
      const { token, password } = await newUser();
      return client.send('DELETE', '/v1/me', as(token, { password }));
    },
    409: () => ofWhoIsNeeded(({ token, password }) => client.send('DELETE', '/v1/me', as(token, { password }))),
    429: () => guessTooOften('DELETE', '/v1/me', { password: 'a guess' }),
  },
  change_password: {
    204: async () => {
      const { token, password } = await newUser();
      const change = { current_password: password, new_password: newCredentials().password };
      return client.send('POST', '/v1/me/password', as(token, change));
    },
    429: () => {
      const change = { current_password: 'a guess', new_password: newCredentials().password };
      return guessTooOften('POST', '/v1/me/password', change);
    },
  },
  request_password_reset: {
    202: () => forgot(newName()),
    429: () => beyondLimit((headers) => forgot(newName(), headers), '203.0.113.73'),
    501: () => new Client(closed.url).send('POST', '/v1/password-reset', { body: { identifier: 'ada' } }),
  },
  reset_password: {
    204: async () => {
      const { username, email, confirm } = await newAddressee();
      await confirm();
      await forgot(username);
      return reset(await mails.tokenTo(email, 'reset_password', username));
    },
    429: () => beyondLimit((headers) => reset('guessed', headers), '203.0.113.74'),
  },
  request_email_verification: {
    202: async () => askForVerification((await newUser()).token),
    429: async () => {
      const { token } = await newUser();
      return beyondLimit(() => askForVerification(token), '');
    },
    501: () => askForVerification(userToken, new Client(closed.url)),
  },
  verify_email: {
    204: async () => (await newAddressee()).confirm(),
    409: async () => {
      const { email, confirm } = await newAddressee();
      await confirm();
      return (await newAddressee(email)).confirm();
    },
  },
  authorize: { 200: () => client.send('POST', '/v1/authorize', as(userToken, { permissions: ['orders.read'] })) },
  end_session: {
    204: async () => {
      const { token } = await newUser();
      const { body } = await client.send<{ items: { id: string }[] }>('GET', '/v1/sessions', { token });
      return client.send('DELETE', `/v1/sessions/${body.items[0]?.id}`, { token });
    },
  },
  end_all_sessions: {
    204: async () => client.send('DELETE', '/v1/sessions', { token: (await newUser()).token }),
  },
  create_account: {
    201: () => admin('POST', '/users', newCredentials()),
    409: async () => admin('POST', '/users', { ...newCredentials(), username: (await newUser()).username }),
  },
  import_accounts: {
    200: () => importLines(JSON.stringify({ username: newName() })),
    415: () => admin('POST', '/users/import', {}),
    422: () => importLines('{}\n'.repeat(2_000)),
    503: () => importLines('', new Client(cutOff.url)),
  },
  get_account: { 200: async () => admin('GET', `/users/${(await newUser()).id}`) },
  change_account: {
    204: async () => admin('PATCH', `/users/${(await newUser()).id}`, { status: 'disabled' }),
    409: () => ofWhoIsNeeded(({ id }) => admin('PATCH', `/users/${id}`, { status: 'disabled' })),
  },
  delete_account: {
    204: async () => admin('DELETE', `/users/${(await newUser()).id}`),
    409: () => ofWhoIsNeeded(({ id }) => admin('DELETE', `/users/${id}`)),
  },
  unlock_account: { 204: async () => admin('DELETE', `/users/${(await newUser()).id}/lockout`) },
  list_account_sessions: { 200: async () => admin('GET', `/users/${(await newUser()).id}/sessions`) },
  end_account_sessions: { 204: async () => admin('DELETE', `/users/${(await newUser()).id}/sessions`) },
  grant_role: {
    204: async () => admin('PUT', `/users/${(await newUser()).id}/roles/${await newRole()}`),
    409: async () => {
      const [{ id }, names] = [await newUser(), Array.from({ length: 25 }, (_, index) => `contract.${index}`)];
      const roles = names.map((name) => name.padEnd(100, 'x'));
      for (const role of roles) await admin('POST', '/roles', { name: role });
      const given = await Promise.all(roles.map((role) => admin('PUT', `/users/${id}/roles/${role}`)));
      return given.find(({ status }) => status === 409) ?? admin('GET', '/statistics');
    },
  },
  revoke_role: {
    204: async () => {
      const path = `/users/${(await newUser()).id}/roles/${await newRole()}`;
      await admin('PUT', path);
      return admin('DELETE', path);
    },
    409: () =>
      ofWhoIsNeeded(async ({ id }) => {
        await admin('PUT', `/users/${id}/roles/administrator`);
        await admin('DELETE', `/users/${id}/permissions/authcluster.roles.write`);
        return admin('DELETE', `/users/${id}/roles/administrator`);
      }),
  },
  grant_permission: {
    204: async () => admin('PUT', `/users/${(await newUser()).id}/permissions/${await newPermission()}`),
  },
  revoke_permission: {
    204: async () => {
      const path = `/users/${(await newUser()).id}/permissions/${await newPermission()}`;
      await admin('PUT', path);
      return admin('DELETE', path);
    },
    409: () => ofWhoIsNeeded(({ id }) => admin('DELETE', `/users/${id}/permissions/authcluster.roles.write`)),
  },
  create_role: {
    201: () => admin('POST', '/roles', { name: newName() }),
    409: async () => admin('POST', '/roles', { name: await newRole() }),
  },
  delete_role: {
    204: async () => admin('DELETE', `/roles/${await newRole()}`),
    409: () => admin('DELETE', '/roles/administrator'),
  },
  add_role_permission: {
    204: async () => admin('PUT', `/roles/${await newRole()}/permissions/${await newPermission()}`),
  },
  remove_role_permission: {
    204: async () => {
      const path = `/roles/${await newRole()}/permissions/${await newPermission()}`;
      await admin('PUT', path);
      return admin('DELETE', path);
    },
    409: () => admin('DELETE', '/roles/administrator/permissions/authcluster.users.read'),
  },
  create_permission: {
    201: () => admin('POST', '/permissions', { name: newName() }),
    409: async () => admin('POST', '/permissions', { name: await newPermission() }),
  },
  delete_permission: {
    204: async () => admin('DELETE', `/permissions/${await newPermission()}`),
    409: () => admin('DELETE', '/permissions/authcluster.users.read'),
  },
  compare_access_document: {
    200: () => admin('POST', '/access-document/diff', noAccess),
    413: tooLarge('POST', '/diff'),
  },
  apply_access_document: {
    200: async () => {
      const { body, headers } = await admin('GET', '/access-document');
      return applyAccess(body, headers.get('etag') ?? '');
    },
    409: async () => {
      const { body } = await admin('GET', '/access-document');
      const role = await newRole();
      await admin('PUT', `/users/${(await newUser()).id}/roles/${role}`);
      const { headers } = await admin('GET', '/access-document');
      return applyAccess(body, headers.get('etag') ?? '');
    },
    412: () => applyAccess(noAccess, '"1"'),
    413: tooLarge('PUT'),
    428: () => admin('PUT', '/access-document', noAccess),
  },
  reset_circuit_breaker: { 200: () => admin('POST', '/circuit-breakers/redis/reset') },
  clear_cache: { 204: () => admin('POST', '/caches/user_basic/clear') },
  create_client: {
    201: () => admin('POST', '/clients', { name: newName() }),
    409: async () => admin('POST', '/clients', { name: (await newService()).name }),
  },
  get_client: { 200: async () => admin('GET', `/clients/${(await newService()).id}`) },
  change_client: {
    200: async () => changeService(await newService(), { status: 'disabled' }),
    409: async () => changeService(await newService(), { name: (await newService()).name }),
    412: async () => changeService({ ...(await newService()), etag: '"9999"' }, {}),
    422: async () => changeService(await newService(), { no_field: 1 }),
    428: async () => admin('PATCH', `/clients/${(await newService()).id}`, {}),
  },
  replace_client_secret: {
    201: async () => admin('POST', `/clients/${(await newService()).id}/secret`, {}),
    409: async () => {
      const keys = { authentication: 'private_key_jwt', jwks: (await newServiceKeys()).jwks };
      return admin('POST', `/clients/${(await newService(keys)).id}/secret`, {});
    },
    412: async () => {
      const { id } = await newService();
      return client.send('POST', `/v1/admin/clients/${id}/secret`, { ...as(adminToken, {}), headers: noVersion });
    },
  },
  delete_client: {
    204: async () => admin('DELETE', `/clients/${(await newService()).id}`),
    412: async () => {
      const { id } = await newService();
      return client.send('DELETE', `/v1/admin/clients/${id}`, { ...as(adminToken), headers: noVersion });
    },
  },
  token: {
    200: async () => form('/oauth/token', grant, (await newService()).basic),
    400: async () => form('/oauth/token', {}, (await newService()).basic),
    401: () => guess('/oauth/token', '203.0.113.85'),
    429: () => beyondLimit((headers) => guess('/oauth/token', headers['x-forwarded-for']), '203.0.113.86'),
    503: async () => form('/oauth/token', grant, (await newService()).basic, new Client(cutOff.url)),
  },
  introspect: {
    200: () => form('/oauth/introspect', { token: userToken }),
    400: () => form('/oauth/introspect', {}),
    401: () => guess('/oauth/introspect', '203.0.113.81'),
    403: async () => form('/oauth/introspect', { token: userToken }, (await newService({ may: [] })).basic),
    429: () => beyondLimit((headers) => guess('/oauth/introspect', headers['x-forwarded-for']), '203.0.113.82'),
    503: () => form('/oauth/introspect', { token: userToken }, basic, new Client(cutOff.url)),
  },
  revoke: {
    200: async () => form('/oauth/revoke', { token: (await newUser()).token }),
    400: () => form('/oauth/revoke', {}),
    401: () => guess('/oauth/revoke', '203.0.113.83'),
    403: async () => form('/oauth/revoke', { token: 'x' }, (await newService({ may: [] })).basic),
    429: () => beyondLimit((headers) => guess('/oauth/revoke', headers['x-forwarded-for']), '203.0.113.84'),
    503: () => form('/oauth/revoke', { token: userToken }, basic, new Client(cutOff.url)),
  },
  verify: {
    200: () => client.verify(userToken),
    403: () => client.send('GET', '/verify?permission=orders.read', { token: userToken }),
    503: () => new Client(cutOff.url).verify(userToken),
  },
};

/** A body that its schema accepts, of an operation that a token or nothing is needed for. */
const acceptedBodies: Record<string, object> = {
  register: newCredentials(),
  login: newCredentials(),
  complete_login: { mfa_token: 'x', code: '123456' },
  complete_password_change: { password_change_token: 'x', new_password: newCredentials().password },
  enroll_during_login: { mfa_token: 'x' },
  confirm_second_factor: { code: '123456' },
  step_up: { password: 'x' },
  refresh: { refresh_token: 'x' },
  logout: { refresh_token: 'x' },
  change_me: {},
  delete_me: { password: 'x' },
  change_password: { current_password: 'x', new_password: newCredentials().password },
  request_password_reset: { identifier: 'nobody' },
  reset_password: { token: 'x', new_password: newCredentials().password },
  verify_email: { token: 'x' },
  authorize: { permissions: ['orders.read'] },
  create_account: newCredentials(),
  change_account: { status: 'active' },
  create_role: { name: 'contract.nothing' },
  create_permission: { name: 'contract.nothing' },
  compare_access_document: noAccess,
  apply_access_document: noAccess,
  create_client: { name: 'contract.nothing' },
  change_client: {},
  replace_client_secret: {},
};

interface Asked {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

/** What follows from the description of an operation. */
function impliedExchange({ path, method, operation }: Asked, status: number): Exchange | undefined {
  const { operationId, security, requestBody } = operation;
  const token = security === undefined ? {} : { token: adminToken };
  const url = path.replace('{id}', '01890a5d-ac96-774b-bcce-b302099a8057').replaceAll(/\{\w+\}/g, 'contract.nothing');
  const headers = { 'if-match': '"1"' };
  const body = acceptedBodies[operationId];
  const accepted = { ...token, headers, ...(body === undefined ? {} : { body }) };
  switch (status) {
    case 200:
      return method === 'GET' && !path.includes('{') ? () => client.send(method, url, token) : undefined;
    case 401:
      return () => client.send(method, url);
    case 403:
      return () => client.send(method, url, { token: userToken });
    case 404:
      return () => client.send(method, url, accepted);
    case 503:
      return () => new Client(cutOff.url).send(method, url, accepted);
    case 422:
      if (requestBody === undefined) return () => client.send(method, `${url}?limit=0`, accepted);
      return () => client.send(method, url, { ...accepted, body: { ...body, no_field: 1 } });
    case 400:
      return () => client.send(method, url, { ...accepted, body: '{"a":' });
    case 413:
      return () => client.send(method, url, { ...accepted, body: { long: 'x'.repeat(17_000) } });
    case 415:
      return () => client.send(method, url, { ...accepted, body: 'a', headers: { 'content-type': 'text/plain' } });
    default:
      return undefined;
  }
}

describe.each(operations.map((asked) => [`${asked.method} ${asked.path}`, asked] as const))('%s', (_, asked) => {
  const { operationId, responses } = asked.operation;
  test.each(Object.keys(responses).map(Number))('%d, as it is documented', async (status) => {
    const exchange = exchanges[operationId]?.[status] ?? impliedExchange(asked, status);
    if (exchange === undefined) throw new Error('nobody knows how to get this answer');
    const from = new Date().toISOString();
    const answer = await exchange();
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status });
    holdToDocument(asked, answer);
    if (status < 300) await holdToLog(asked, from);
  });
});

/** Whatever changes something for an administrator leaves an event: none is told of a success before. */
async function holdToLog({ path, method, operation: { operationId } }: Asked, from: string): Promise<void> {
  if (!path.startsWith('/v1/admin/') || method === 'GET' || operationId === 'compare_access_document') return;
  const query = new URLSearchParams({ type: operationId, outcome: 'success', from });
  const { body } = await admin('GET', `/audit-events?${query}`);
  expect(body.items).toContainEqual(expect.objectContaining({ type: operationId, actor_id: expect.any(String) }));
}

/** Where the document has a schema for the answer, it must meet it, and be of the media type. */
function holdToDocument({ path, method }: Asked, { status, headers, body }: Answer): void {
  const escaped = path.replaceAll('/', '~1');
  const content = document.paths[path]?.[method.toLowerCase()]?.responses[status]?.content;
  const [mediaType] = Object.keys(content ?? {});
  if (mediaType === undefined) return;
  expect(headers.get('content-type')).toContain(mediaType);
  const pointer = `/paths/${escaped}/${method.toLowerCase()}/responses/${status}/content/${mediaType.replace('/', '~1')}/schema`;
  const validate = ajv.getSchema(`openapi#${encodeURI(pointer)}`);
  if (validate === undefined) throw new Error(`there is no schema at ${pointer}`);
  const isLines = mediaType === 'application/x-ndjson';
  const values = isLines
    ? String(body)
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [body];
  for (const value of values) expect([validate(value), validate.errors]).toEqual([true, null]);
}

describe('what a request may not be', () => {
  const login = (body: string | Buffer<ArrayBuffer>) =>
    fetch(`${api.url}/v1/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  const bytes = (...parts: (string | number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)));

  test.each([
    ['of broken UTF-8', bytes('{"username":"', [0xc3, 0x28], '","password":"x"}'), 400],
    ['of UTF-16', Buffer.from('{"username":"a","password":"x"}', 'utf16le'), 400],
    ['with a name that stands twice', '{"username":"a","username":"b","password":"x"}', 400],
    ['as deep as it is long', `${'['.repeat(7000)}${']'.repeat(7000)}`, 422],
    ['deep in a field', `{"username":${'{"a":'.repeat(2000)}1${'}'.repeat(2000)},"password":"x"}`, 422],
    ['no object', '"text"', 422],
    ['null', 'null', 422],
    ['with a field that objects have themselves', '{"username":"a","password":"x","__proto__":{"a":1}}', 422],
    ['too long', `{"username":"${'a'.repeat(20_000)}"}`, 413],
  ])('a body %s', async (_, body, status) => {
    const answer = await login(body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({ status });
  });

  test('each fault has its pointer, with what RFC 6901 escapes', async () => {
    const answer = await client.send('POST', '/v1/login', { body: { username: 7, 'a/b~c': 1, password: '' } });
    const { errors } = answer.body as { errors: { pointer: string }[] };
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual(['/a~1b~0c', '/password', '/username']);
  });

  test('an unknown query parameter is named', async () => {
    const answer = await client.send('GET', '/v1/sessions?page=2', { token: userToken });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/page' }] } });
  });
});
