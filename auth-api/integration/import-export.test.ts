import { argon2Sync, createHash, pbkdf2Sync, randomBytes, scryptSync } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import bcrypt from 'bcrypt';
import { eventually } from '../../dev/eventually.ts';
import { Administration } from './harness/administration.ts';
import { type Answer, type Client, newCredentials, unlessBusy } from './harness/client.ts';

let administration: Administration;
let client: Client;
let adminToken: string;
beforeAll(async () => {
  administration = await Administration.start();
  ({ client, token: adminToken } = administration);
});
afterAll(() => administration?.stop());

interface Report {
  readonly last_line: number;
  readonly created: number;
  readonly unchanged: number;
  readonly refused: number;
  readonly errors: readonly { readonly line: number; readonly pointer: string; readonly detail: string }[];
}

type Line = Readonly<Record<string, unknown>>;

const headers = { 'content-type': 'application/x-ndjson' };
const importText = (body: string, { token = adminToken, query = '' } = {}) =>
  client.send<Report>('POST', `/v1/admin/users/import${query}`, { token, body, headers });
const importLines = (...lines: Line[]) => importText(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
const newName = () => `moved-${randomBytes(8).toString('hex')}`;

const password = 'correct horse battery staple';
const md5 = (text: string) => createHash('md5').update(text).digest('hex');

async function loginStatus(username: string): Promise<number> {
  return (await unlessBusy(() => client.login({ username, password }))).status;
}

async function find(username: string): Promise<Line | undefined> {
  const query = `username_prefix=${encodeURIComponent(username)}`;
  const { body } = await client.send<{ items: Line[] }>('GET', `/v1/admin/users?${query}`, { token: adminToken });
  return body.items[0];
}

/** An administrator with some of the permissions. */
async function tokenOfOneWho(...permissions: string[]): Promise<string> {
  const { credentials, tokens } = await client.newSession();
  const { body } = await client.me(tokens.access_token);
  for (const permission of permissions) {
    await client.send('PUT', `/v1/admin/users/${body.id}/permissions/${permission}`, { token: adminToken });
  }
  return (await unlessBusy(() => client.login(credentials))).body.access_token;
}

describe('a hash from elsewhere', () => {
  const salt = Buffer.from('0123456789abcdef');
  const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
  const argon2 = argon2Sync('argon2id', {
    message: password,
    nonce: salt,
    parallelism: 1,
    tagLength: 32,
    memory: 64,
    passes: 2,
  });
  const hashes = {
    bcrypt: bcrypt.hashSync(password, 4),
    'bcrypt of PHP': bcrypt.hashSync(password, 4).replace('$2b$', '$2y$'),
    argon2id: `$argon2id$v=19$m=64,t=2,p=1$${base64(salt)}$${base64(argon2)}`,
    scrypt: `$scrypt$ln=10,r=8,p=1$${base64(salt)}$${base64(scryptSync(password, salt, 32, { N: 1024, r: 8, p: 1 }))}`,
    PBKDF2: `$pbkdf2-sha512$i=1000$${base64(salt)}$${base64(pbkdf2Sync(password, salt, 1000, 64, 'sha512'))}`,
    MD5: md5(password),
    'salted MD5': `md5$pepper$${md5(`pepper${password}`)}`,
  };

  test.each(Object.entries(hashes))('%s: who has it logs in, and then has one of ours', async (_, hash) => {
    const username = newName();
    const { status, body } = await importLines({ username, password_hash: hash });
    expect({ status, body }).toMatchObject({ status: 200, body: { created: 1, refused: 0, last_line: 1 } });
    expect(await loginStatus(username)).toBe(200);
    expect((await client.login({ username, password: 'wrong' })).status).toBe(401);
    const { password_hash: now } = await exportedAs(username);
    expect(now).toMatch(/^\$2[by]\$04\$/);
    expect(await loginStatus(username)).toBe(200);
  });

  test.each([
    ['bcrypt of cost 31', bcrypt.hashSync(password, 4).replace('$04$', '$31$')],
    ['PBKDF2 of a thousand million rounds', hashes.PBKDF2.replace('i=1000', 'i=1000000000')],
    ['the password itself', password],
  ])('%s is refused', async (_, hash) => {
    const { body } = await importLines({ username: newName(), password_hash: hash });
    expect(body).toMatchObject({ created: 0, refused: 1, errors: [{ line: 1, pointer: '/password_hash' }] });
  });
});

test('an account comes with all that was told of it', async () => {
  const [username, id, role] = [newName(), '4f1b6a3c-5d0e-4b7a-9c52-a3d2f1e0b987', newName().replace('-', '.')];
  await client.send('DELETE', `/v1/admin/users/${id}`, { token: adminToken });
  await client.send('POST', '/v1/admin/roles', { token: adminToken, body: { name: role } });
  const line = {
    id,
    username,
    email: `${username}@example.com`,
    email_verified: true,
    display_name: "Ada O'Brien",
    locale: 'en-IE',
    roles: [role],
    status: 'disabled',
    created_at: '2019-05-04T03:02:01.000Z',
  };
  const { body } = await importLines({ ...line, password_hash: md5(password), external_id: 'auth0|17' });
  expect(body).toMatchObject({ created: 1 });
  expect(await find(username)).toMatchObject(line);
  expect(await loginStatus(username)).toBe(401);
});

test('without a hash nobody logs in', async () => {
  const username = newName();
  expect((await importLines({ username })).body).toMatchObject({ created: 1 });
  expect(await loginStatus(username)).toBe(401);
});

describe('repeated', () => {
  test('nothing changes, whatever has become of the account', async () => {
    const username = newName();
    const line = { username, password_hash: md5(password), display_name: 'Ada' };
    await importLines(line);
    expect(await loginStatus(username)).toBe(200);
    const { body } = await importLines({ ...line, display_name: 'Bea' });
    expect(body).toMatchObject({ created: 0, unchanged: 1, refused: 0 });
    expect(await find(username)).toMatchObject({ display_name: 'Ada' });
    expect(await exportedAs(username)).toMatchObject({ password_hash: expect.stringMatching(/^\$2b\$/) });
  });

  test('also within one import', async () => {
    const line = { username: newName(), password_hash: md5(password) };
    expect((await importLines(line, line)).body).toMatchObject({ created: 1, unchanged: 1, refused: 0 });
  });

  test('from a line on, those before it are passed over', async () => {
    const [first, second] = [newName(), newName()];
    const text = [first, second].map((username) => JSON.stringify({ username })).join('\n');
    expect((await importText(text, { query: '?from_line=2' })).body).toMatchObject({ last_line: 2, created: 1 });
    expect(await find(first)).toBeUndefined();
  });
});

describe('what belongs to somebody else is refused', () => {
  test('the name of who has registered', async () => {
    const { username } = (await client.newSession()).credentials;
    const { body } = await importLines({ username: username.toUpperCase(), password_hash: md5('mine') });
    expect(body).toMatchObject({ created: 0, unchanged: 0, refused: 1, errors: [{ line: 1, pointer: '/username' }] });
  });

  test('the name of who was imported from elsewhere, a verified address, an id', async () => {
    const [first, second] = [newName(), newName()];
    const email = `${first}@example.com`;
    await importLines({ username: first, external_id: 'a|1', email, email_verified: true });
    const { id } = (await find(first)) ?? {};
    const { body } = await importLines(
      { username: first, external_id: 'a|2' },
      { username: second, email: email.toUpperCase(), email_verified: true },
      { username: second, id },
      { username: second, email },
    );
    expect(body).toMatchObject({ created: 1, refused: 3 });
    expect(body.errors.map(({ line, pointer }) => [line, pointer])).toEqual([
      [1, '/username'],
      [2, '/email'],
      [3, '/id'],
    ]);
  });
});

test('bad lines are refused by number and pointer, and the good ones are kept', async () => {
  const good = Array.from({ length: 6 }, () => JSON.stringify({ username: newName(), password_hash: md5(password) }));
  const bad = (fields: object) => JSON.stringify({ username: newName(), ...fields });
  const lines: (string | Buffer)[] = [
    `\uFEFF${good[0]}\r`,
    '',
    bad({ shoe_size: 42, 'a/b': 1 }),
    `${good[1]}`,
    Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x7d]),
    '{"username":"first","username":"second"}',
    `\uFEFF${good[2]}`,
    bad({ email: 'nobody', roles: ['no.such.role'] }),
    bad({ roles: ['no.such.role'] }),
    bad({ display_name: 'a\u0000b' }),
    `${good[3]}`,
    `{"username":"${'x'.repeat(10_000_000)}"}`,
    `${'['.repeat(60_000)}`,
    '"text"',
    bad({ created_at: '0000-01-01T00:00:00Z' }),
    `${good[4]}`,
    bad({ email_verified: 'yes' }),
    bad({ roles: Array.from({ length: 26 }, () => 'a'.padEnd(100, 'x')) }),
    '{"username":"cut-o',
  ];
  const body = Buffer.concat(lines.flatMap((line, index) => [Buffer.from(index === 0 ? '' : '\n'), Buffer.from(line)]));
  const answer = await fetch(`${administration.api.url}/v1/admin/users/import`, {
    method: 'POST',
    headers: { ...headers, authorization: `Bearer ${adminToken}` },
    body,
  });
  const report = (await answer.json()) as Report;
  expect({ status: answer.status, report }).toMatchObject({ status: 200, report: { created: 4, refused: 14 } });
  expect(report.last_line).toBe(lines.length);
  expect(report.errors.map(({ line, pointer }) => `${line} ${pointer}`)).toEqual([
    '3 /shoe_size',
    '3 /a~1b',
    '5 ',
    '6 ',
    '7 ',
    '8 /email',
    '9 /roles/0',
    '10 /display_name',
    '12 ',
    '13 ',
    '14 ',
    '15 /created_at',
    '17 /email_verified',
    '18 /roles',
    '19 ',
  ]);
});

test('where too many lines are refused the import ends, and tells where to go on', async () => {
  const bad = Array.from({ length: 2_600 }, () => '{}').join('\n');
  const text = `${bad}\n${JSON.stringify({ username: newName() })}\n`;
  const { status, body } = await importText(text);
  expect(status).toBe(422);
  expect(body).toMatchObject({ type: 'https://authcluster.dev/problems/too-many-refused', created: 0 });
  expect(body.refused).toBe(body.last_line);
  const rest = await importText(text, { query: `?from_line=${2_601}` });
  expect(rest).toMatchObject({ status: 200, body: { last_line: 2_601, created: 1, refused: 0 } });
});

describe('one import at a time', () => {
  /** Sends a body piece by piece. */
  function open() {
    const sent = request(`${administration.api.url}/v1/admin/users/import`, {
      method: 'POST',
      headers: { ...headers, authorization: `Bearer ${adminToken}` },
    });
    sent.on('error', () => {});
    return sent;
  }

  test('another one is to come later; what was cut off keeps whole batches and lets the next one in', async () => {
    const first = open();
    const names = Array.from({ length: 1_200 }, newName);
    first.write(names.map((username) => `${JSON.stringify({ username })}\n`).join(''));
    await eventually(async () => expect(await find(names[499] ?? '')).toBeDefined());
    expect(await importLines({ username: newName() })).toMatchObject({ status: 503 });
    first.destroy();
    await eventually(async () => expect((await importLines({ username: newName() })).status).toBe(200));
    const { body } = await importLines(...names.map((username) => ({ username })));
    expect(body.created + body.unchanged).toBe(names.length);
    expect(body.unchanged).toBeGreaterThanOrEqual(500);
    expect(body.unchanged % 500).toBe(0);
  });

  test('many accounts sent at once are read no faster than they are written', async () => {
    const sent = open();
    const answered = once(sent, 'response');
    const prefix = newName();
    let waits = 0;
    for (let from = 0; from < 5_000; from += 1) {
      const line = JSON.stringify({
        username: `${prefix}-${from}`,
        password_hash: md5(password),
        display_name: 'x'.repeat(200),
      });
      if (!sent.write(`${line}\n`)) {
        waits += 1;
        await once(sent, 'drain');
      }
    }
    sent.end();
    const [answer] = (await answered) as [AsyncIterable<Buffer>];
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk);
    expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({ created: 5_000, refused: 0 });
    expect(waits).toBeGreaterThan(0);
  });
});

describe('who may', () => {
  test('import, and with which roles', async () => {
    const token = await tokenOfOneWho('authcluster.users.import');
    const [plain, powerful] = [{ username: newName() }, { username: newName(), roles: ['administrator'] }];
    const { body } = await importText([plain, powerful].map((line) => JSON.stringify(line)).join('\n'), { token });
    expect(body).toMatchObject({ created: 1, refused: 1, errors: [{ line: 2, pointer: '/roles' }] });
    const reader = await tokenOfOneWho('authcluster.users.read');
    expect((await importText('{}', { token: reader })).status).toBe(403);
  });

  test('export, and with hashes', async () => {
    const token = await tokenOfOneWho('authcluster.users.read');
    const ask = (query: string) => client.send('GET', `/v1/admin/users/export${query}`, { token });
    expect((await ask('?password_hashes=true')).status).toBe(403);
    expect((await ask('?password_hashes=1')).status).toBe(422);
    expect((await client.send('GET', '/v1/admin/users/export')).status).toBe(401);
  });
});

test('another media type is refused', async () => {
  const answer = await client.send('POST', '/v1/admin/users/import', { token: adminToken, body: {} });
  expect(answer).toMatchObject({ status: 415, body: { type: expect.stringContaining('lines-expected') } });
});

/** The lines of an export, from an account on. */
async function exported(query: string): Promise<Line[]> {
  const answer = (await client.send('GET', `/v1/admin/users/export${query}`, { token: adminToken })) as Answer<unknown>;
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toContain('application/x-ndjson');
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** Other tests have made a great many accounts before it. */
async function exportedAs(username: string): Promise<Line> {
  const { id } = (await find(username)) ?? {};
  const line = (await exported(`?password_hashes=true&after=${justBefore(String(id))}`))[0];
  if (line?.username !== username) throw new Error(`${username} was not exported`);
  return line;
}

function justBefore(id: string): string {
  const number = BigInt(`0x${id.replaceAll('-', '')}`) - 1n;
  const digits = number.toString(16).padStart(32, '0');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

describe('an export', () => {
  test('has every account once, in the order of ids, and no hash unless it is asked for', async () => {
    const first = newName();
    await importLines({ username: first });
    await importLines(...Array.from({ length: 700 }, () => ({ username: newName() })));
    const lines = await exported(`?after=${(await find(first))?.id}`);
    const ids = lines.map(({ id }) => String(id));
    expect(lines.length).toBeGreaterThanOrEqual(700);
    expect(ids).toEqual([...new Set(ids)].sort());
    expect(lines.filter((line) => 'password_hash' in line)).toEqual([]);
    expect((await exported(`?after=${ids.at(-3)}`)).map(({ id }) => id)).toEqual(expect.arrayContaining(ids.slice(-2)));
  });

  test('can be imported: nothing changes where the accounts are, and where they are gone they are as before', async () => {
    const credentials = newCredentials();
    await unlessBusy(() => client.register({ ...credentials, display_name: 'Ada', email: 'ada@example.com' }));
    const line = await exportedAs(credentials.username);
    expect((await importLines(line)).body).toMatchObject({ created: 0, unchanged: 1 });
    await client.send('DELETE', `/v1/admin/users/${line.id}`, { token: adminToken });
    expect((await importLines(line)).body).toMatchObject({ created: 1 });
    const { external_id: _, ...same } = line;
    expect(await exportedAs(credentials.username)).toMatchObject(same);
    expect((await unlessBusy(() => client.login(credentials))).status).toBe(200);
  });
});
