import { execFile } from 'node:child_process';
import { argon2Sync, pbkdf2Sync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import bcrypt from 'bcrypt';
import { Administration } from './harness/administration.ts';
import { type Client, unlessBusy } from './harness/client.ts';

const converter = fileURLToPath(new URL('../convert-users/main.ts', import.meta.url));
const run = promisify(execFile);

let administration: Administration;
let client: Client;
let token: string;
let folder: string;
beforeAll(async () => {
  administration = await Administration.start();
  ({ client, token } = administration);
  folder = await mkdtemp(join(tmpdir(), 'authcluster-convert-'));
});
afterAll(async () => {
  await administration?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What the converter writes for an export, as the command line is given in the guide. */
async function converted(args: readonly string[], text: string): Promise<string> {
  const running = run(process.execPath, [converter, ...args]);
  running.child.stdin?.end(text);
  return (await running).stdout;
}

async function imported(lines: string): Promise<unknown> {
  const headers = { 'content-type': 'application/x-ndjson' };
  return (await client.send('POST', '/v1/admin/users/import', { token, body: lines, headers })).body;
}

async function loginStatus(username: string, password: string): Promise<number> {
  return (await unlessBusy(() => client.login({ username, password }))).status;
}

const password = 'correct horse battery staple';
const newName = () => `converted-${randomBytes(6).toString('hex')}`;

test('users of a realm of Keycloak log in, whatever their hash', async () => {
  const salt = randomBytes(16);
  const argon2 = { message: password, nonce: salt, parallelism: 1, tagLength: 32, memory: 7168, passes: 5 };
  const hashes = {
    'pbkdf2-sha256': [27_500, pbkdf2Sync(password, salt, 27_500, 64, 'sha256'), {}],
    'pbkdf2-sha512': [2_100, pbkdf2Sync(password, salt, 2_100, 64, 'sha512'), {}],
    argon2: [
      5,
      argon2Sync('argon2id', argon2),
      { hashLength: ['32'], memory: ['7168'], type: ['id'], version: ['1.3'], parallelism: ['1'] },
    ],
  } as const;
  const users = Object.entries(hashes).map(([algorithm, [hashIterations, value, additionalParameters]]) => ({
    username: newName(),
    enabled: true,
    credentials: [
      {
        type: 'password',
        secretData: JSON.stringify({ value: value.toString('base64'), salt: salt.toString('base64') }),
        credentialData: JSON.stringify({ hashIterations, algorithm, additionalParameters }),
      },
    ],
  }));
  const lines = await converted(['keycloak'], JSON.stringify({ realm: 'acme', users }, undefined, 2));
  expect(await imported(lines)).toMatchObject({ created: 3, refused: 0 });
  for (const { username } of users) {
    expect(await loginStatus(username, password)).toBe(200);
    expect(await loginStatus(username, 'wrong')).toBe(401);
  }
});

test('users of Auth0 log in', async () => {
  const email = `${newName()}@example.com`;
  const passwordHash = bcrypt.hashSync(password, 4);
  const user = { _id: { $oid: randomBytes(12).toString('hex') }, email_verified: true, email, passwordHash };
  expect(await imported(await converted(['auth0'], `${JSON.stringify(user)}\n`))).toMatchObject({ created: 1 });
  expect(await loginStatus(email, password)).toBe(200);
});

test('users of Firebase log in, by the vector that Firebase publishes', async () => {
  const email = `${newName()}@example.com`;
  const file = join(folder, 'hash-config.txt');
  await writeFile(
    file,
    `hash_config {
  algorithm: SCRYPT,
  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}
`,
  );
  const user = {
    localId: randomBytes(14).toString('hex'),
    email,
    salt: '42xEC+ixf3L2lw==',
    passwordHash: 'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
    createdAt: '1556938921000',
  };
  const lines = await converted(['firebase', '--hash-config', file], JSON.stringify({ users: [user] }));
  expect(await imported(lines)).toMatchObject({ created: 1, refused: 0 });
  expect(await loginStatus(email, 'user1password')).toBe(200);
  expect(await loginStatus(email, 'user2password')).toBe(401);
});

describe('the converter', () => {
  test.each([
    [[], '', 2, 'usage:'],
    [['firebase'], '', 2, 'usage:'],
    [['keycloak', '--role', 'admin'], '', 2, '--role takes NAME=NAME-HERE'],
    [['keycloak'], '{"users":[', 1, 'ends in the middle'],
    [['auth0'], '{"email"', 1, 'line 1 is no JSON'],
  ])('%j of %j: exit code %d', async (args, text, code, told) => {
    await expect(converted(args, text)).rejects.toMatchObject({ code, stderr: expect.stringContaining(told) });
  });
});
