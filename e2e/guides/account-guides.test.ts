import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect } from '@jest/globals';
import { Authenticator } from '../../auth-api/integration/harness/authenticator.ts';
import { INTRODUCTION } from '../../dev/markdown.ts';
import { type Credentials, logIn, randomCredentials } from '../support/auth-client.ts';
import { clusterTest } from '../support/cluster-test.ts';
import { eventually } from '../support/eventually.ts';
import { gatewayClient } from '../support/gateway-client.ts';
import { guideBlocks, runGuide } from '../support/guide.ts';
import { secret } from '../support/secret.ts';

/** The guides print what the API answers: here an answer that refuses ends a guide, as with `-f`, which some have. */
const PRELUDE = `curl() {
  case " $* " in *" -f "* | *" -sSf "*) command curl "$@" ;; *) command curl -sS --fail-with-body "$@" ;; esac
}
`;
const READY_TIMEOUT_SECONDS = 300;

const client = gatewayClient();
let folder: string;
let admin: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'authcluster-guides-'));
});

/** Runs commands of a guide with its variables; `…` and the like are exchanged for what the reader has there. */
function run(commands: string, variables: Record<string, string> = {}, exchange: Record<string, string> = {}) {
  const given = Object.entries({ api: client.url, issuer: 'http://127.0.0.1:8080', admin, ...variables });
  const lines = given.map(([name, value]) => `${name}='${value}'\n`);
  const text = Object.entries({ 'https://auth.example.com': client.url, ...exchange }).reduce(
    (changed, [from, to]) => changed.replaceAll(from, to),
    commands,
  );
  return runGuide(`${PRELUDE}${lines.join('')}${text}`, folder);
}

async function section(page: string, heading: string): Promise<string[]> {
  return guideBlocks(page, heading, 'sh');
}

/** The last line that is JSON: `curl -i` prints a head before it. */
function answered(output: string): Record<string, string> {
  const line = output.split('\n').findLast((each) => each.startsWith('{'));
  return JSON.parse(line ?? '{}') as Record<string, string>;
}

/** What only stands in the way of a command: a permission or role that the guide takes for granted. */
async function create(kind: 'permissions' | 'roles', name: string): Promise<void> {
  await run(`curl "$api/v1/admin/${kind}" -H "Authorization: Bearer $admin" -H 'Content-Type: application/json' \
    -d '{"name": "${name}"}'`);
}

async function account(): Promise<{ id: string; credentials: Credentials; token: string }> {
  const credentials = randomCredentials();
  const { body } = await client.register(credentials);
  return { id: (body as { id: string }).id, credentials, token: (await logIn(client, credentials)).access_token };
}

describe('administration', () => {
  clusterTest('the first administrator comes from a Secret, which may go then', async () => {
    const [make = '', remove = ''] = await section('make-the-first-administrator.md', INTRODUCTION);
    await run(make);
    const { username = '', password = '' } = await secret('first-administrator');
    const tokens = await eventually(
      () => logIn(client, { username, password: password.trim() }),
      READY_TIMEOUT_SECONDS,
    );
    admin = tokens.access_token;
    await run(remove);
  });

  clusterTest('accounts are made, found, and told to set another password', async () => {
    const page = 'administer-accounts.md';
    const made = answered(await run((await section(page, 'Repeat what got no answer')).join('')));
    expect(await run((await section(page, 'Find them')).join(''))).toContain('"items"');
    const [require = '', change = ''] = await section(page, 'Require another password');
    await run(require, { id: made.id ?? '' });
    const refused = await client.login({ username: 'ada', password: 'correct horse battery staple' });
    expect(refused.status).toBe(403);
    const { password_change_token: token } = refused.body as { password_change_token: string };
    expect(answered(await run(change, {}, { '…': token })).access_token).toBeDefined();
  });

  clusterTest('personal data is given out and erased', async () => {
    const page = 'give-out-and-erase-personal-data.md';
    const { id, token } = await account();
    await run([...(await section(page, 'Give it out')), ...(await section(page, 'Erase it'))].join(''), { id, token });
  });

  clusterTest('registration is closed; an administrator makes accounts still', async () => {
    const page = 'decide-who-may-come-in.md';
    const [close = '', make = ''] = await section(page, 'Close registration');
    await run(close);
    await eventually(async () => expect((await client.register(randomCredentials())).status).toBe(403), 240);
    await run(make, { token: admin }, { '"ada"': '"ada-of-a-closed-house"' });
    await run(close, {}, { Closed: 'Open' });
    await eventually(account, 240);
  });

  clusterTest('the audit log and statistics are read', async () => {
    const page = 'audit.md';
    for (const heading of ['Find events', 'Export them', 'Statistics']) {
      await run((await section(page, heading)).join(''));
    }
  });

  clusterTest('roles are kept as a document', async () => {
    const page = 'keep-roles-in-git.md';
    const headings = ['Begin with what is there', 'See what would change', 'Apply it'];
    for (const heading of headings) await run((await section(page, heading)).join(''));
  });

  clusterTest('a pipeline logs in with an account of its own', async () => {
    const { credentials } = await account();
    const words = `export PIPELINE_USER='${credentials.username}' PIPELINE_PASSWORD='${credentials.password}'\n`;
    const [logInThere = ''] = await section('keep-roles-in-git.md', 'In a pipeline');
    expect(await run(`${words}${logInThere}curl "$api/v1/me" -H "Authorization: Bearer $admin"`)).toContain(
      credentials.username,
    );
  });

  clusterTest('caches are looked at and cleared', async () => {
    const blocks = await section('keep-caches-warm.md', 'See what the caches do, and clear one');
    await run(blocks.join(''), { TOKEN: admin, URL: client.url });
  });

  clusterTest('users move in and out', async () => {
    const page = 'move-users-in.md';
    expect(await run((await section(page, 'Import')).join(''))).toContain('created');
    await run((await section(page, 'Export')).join(''));
  });
});

describe('a second factor', () => {
  const PAGE = 'ask-for-a-second-factor.md';

  clusterTest('is added, asked for, required and shown again', async () => {
    const { credentials, token } = await account();
    const [add = '', confirm = ''] = await section(PAGE, 'Let a user add one');
    const telephone = new Authenticator(answered(await run(add, { token })).secret ?? '');
    await run(confirm, { token }, { '492039': await telephone.nextCode() });
    const { body } = await client.login(credentials);
    const { mfa_token } = body as { mfa_token: string };
    const code = await telephone.nextCode();
    const [login = ''] = await section(PAGE, 'Log in');
    const session = answered(await run(login, {}, { '…': mfa_token, '492039': code }));
    await create('roles', 'finance').catch(() => undefined);
    await run((await section(PAGE, 'Require it by role')).join(''));
    const fresh = { '…': credentials.password, '170343': await telephone.nextCode() };
    await run((await section(PAGE, 'Ask for a fresh login')).join(''), { token: session.access_token ?? '' }, fresh);
  });
});

describe('services', () => {
  const PAGE = 'let-services-log-in.md';

  clusterTest('log in with a secret, are let in, and get another one', async () => {
    await create('permissions', 'orders.read');
    const { id = '', client_secret = '' } = answered(
      await run((await section(PAGE, 'Register a service with a secret')).join('')),
    );
    const known = { client: id, secret: client_secret };
    const { access_token = '' } = answered(await run((await section(PAGE, 'Get a token')).join(''), known));
    expect(await run((await section(PAGE, 'Let it in')).join(''), { token: access_token })).toContain('200');
    await run((await section(PAGE, 'Change secrets and keys without a gap')).join(''), known);
    const [change = ''] = await section(PAGE, 'Change, disable, delete');
    const [look = '', ...rest] = change.split('\n');
    const etag = /^etag: (\S+)/im.exec(await run(look, known))?.[1] ?? '';
    await run(rest.join('\n'), { ...known, etag });
  });

  clusterTest('log in with a key', async () => {
    const [register = '', assertion = ''] = await section(PAGE, 'Register a service with a key');
    const { id = '' } = answered(await run(register));
    const { issuer } = (await (await fetch(`${client.url}/.well-known/openid-configuration`)).json()) as {
      issuer: string;
    };
    expect(answered(await run(assertion, { client: id, issuer })).access_token).toBeDefined();
  });

  clusterTest('ask about tokens with credentials of the registry', async () => {
    const introspecting = { name: 'asks-about-tokens', may: ['introspect'] };
    const made = answered(
      await run(`curl "$api/v1/admin/clients" -H "Authorization: Bearer $admin" -H 'Content-Type: application/json' \
    -d '${JSON.stringify(introspecting)}'`),
    );
    const { token } = await account();
    const known = { client: made.id ?? '', secret: made.client_secret ?? '', token };
    const [ask = ''] = await section('let-services-check-tokens.md', 'Clients of the registry');
    expect(await run(ask, known)).toContain('"active":true');
  });

  clusterTest('ask about tokens with credentials from a Secret', async () => {
    const [make = '', ask = ''] = await section('let-services-check-tokens.md', 'Clients of a Secret');
    await run(make);
    const { billing = '' } = await secret('oauth-clients');
    const { token } = await account();
    await eventually(async () => expect(await run(ask, { secret: billing, token })).toContain('"active":true'), 240);
  });
});
