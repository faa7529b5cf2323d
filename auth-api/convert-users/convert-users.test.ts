import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { accountLine } from '../src/http/routes/admin/account-line.ts';
import { convertAuth0User } from './auth0.ts';
import type { Conversion, Fields } from './conversion.ts';
import { convertFirebaseUser, parseHashParameters } from './firebase.ts';
import { convertKeycloakUser } from './keycloak.ts';
import { UnreadableExportError, usersOfDocument, usersOfLines } from './user-streams.ts';

/** The line, which is one that can be imported. */
function lineOf({ line }: Conversion) {
  expect(accountLine.safeParse(line).error?.issues).toBeUndefined();
  return line;
}

describe('Keycloak', () => {
  const id = '0b2f6a5c-4d5e-4f60-8a7b-1c2d3e4f5a6b';
  const credential = (data: object, secret: object) => ({
    type: 'password',
    credentialData: JSON.stringify(data),
    secretData: JSON.stringify({ additionalParameters: {}, ...secret }),
  });
  const value = Buffer.alloc(64, 7).toString('base64');
  const secret = { value, salt: 'MDEyMzQ1Njc4OWFiY2RlZg==' };
  const encoded = `MDEyMzQ1Njc4OWFiY2RlZg$${value.replace(/=+$/, '')}`;
  const convert = (user: Fields) => convertKeycloakUser(user, new Map([['app-admin', 'finance']]));

  test('a user comes with id, names, language, mapped roles and dates', () => {
    const user = {
      id,
      username: 'ada',
      email: 'ada@example.com',
      emailVerified: true,
      enabled: false,
      firstName: 'Ada',
      lastName: 'Lovelace',
      attributes: { locale: ['en'] },
      realmRoles: ['default-roles-acme', 'app-admin'],
      createdTimestamp: 1_556_938_921_000,
    };
    expect(lineOf(convert(user))).toEqual({
      id,
      username: 'ada',
      email: 'ada@example.com',
      email_verified: true,
      display_name: 'Ada Lovelace',
      locale: 'en',
      roles: ['finance'],
      status: 'disabled',
      external_id: id,
      created_at: '2019-05-04T03:02:01.000Z',
    });
  });

  const parameters = { hashLength: ['32'], memory: ['7168'], type: ['id'], version: ['1.3'], parallelism: ['1'] };
  test.each([
    [{ algorithm: 'pbkdf2', hashIterations: 20_000 }, `$pbkdf2-sha1$i=20000$${encoded}`],
    [{ algorithm: 'pbkdf2-sha256', hashIterations: 27_500 }, `$pbkdf2-sha256$i=27500$${encoded}`],
    [{ algorithm: 'pbkdf2-sha512', hashIterations: 210_000 }, `$pbkdf2-sha512$i=210000$${encoded}`],
    [
      { algorithm: 'argon2', hashIterations: 5, additionalParameters: parameters },
      `$argon2id$v=19$m=7168,t=5,p=1$${encoded}`,
    ],
  ])('%j', (data, hash) => {
    const otp = { type: 'otp', credentialData: '{}', secretData: '{}' };
    const line = lineOf(convert({ username: 'ada', credentials: [otp, credential(data, secret)] }));
    expect(line).toMatchObject({ password_hash: hash });
  });

  test('who has a hash that is not known comes without, and it is told', () => {
    const unknown = credential({ algorithm: 'rot13', hashIterations: 1 }, secret);
    const { line, note } = convert({ username: 'ada', credentials: [unknown] });
    expect(line).not.toHaveProperty('password_hash');
    expect(note).toContain('ada must reset the password: rot13');
  });

  test.each([[{ username: 'service-account-shop', serviceAccountClientId: 'shop' }], [{ email: 'a@example.com' }]])(
    '%j is left out',
    (user) => {
      expect(convert(user)).toEqual({ note: expect.stringContaining('left out') });
    },
  );
});

describe('Auth0', () => {
  test('a line of the export of hashes', () => {
    const user = {
      _id: { $oid: '60425dc43519d90068f82973' },
      email_verified: true,
      email: 'ada@example.com',
      passwordHash: '$2b$10$Z6hUTEEeoJXN5/AmSm/4.eZ75RYgFVriQM9LPhNEC7kbAbS/VAaJ2',
      password_set_date: { $date: '2021-03-05T16:34:10.000Z' },
      tenant: 'acme',
      connection: 'Username-Password-Authentication',
    };
    expect(lineOf(convertAuth0User(user))).toEqual({
      username: 'ada@example.com',
      email: 'ada@example.com',
      email_verified: true,
      password_hash: user.passwordHash,
      status: 'active',
      external_id: 'auth0|60425dc43519d90068f82973',
    });
  });

  const digits = '5f4dcc3b5aa765d61d8327deb882cf99';
  const scrypt = { value: Buffer.alloc(32, 7).toString('base64'), encoding: 'base64', cost: 1024, blockSize: 8 };
  test.each([
    [{ algorithm: 'md5', hash: { value: digits, encoding: 'hex' } }, digits],
    [
      { algorithm: 'md5', hash: { value: digits }, salt: { value: 'x7', position: 'suffix' } },
      `md5-suffix$x7$${digits}`,
    ],
    [{ algorithm: 'md5', hash: { value: digits }, salt: { value: 'x7' } }, `md5$x7$${digits}`],
    [
      { algorithm: 'scrypt', hash: scrypt, salt: { value: 'MDEyMzQ1Njc4OWFiY2RlZg==', encoding: 'base64' } },
      `$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$${scrypt.value.replace(/=+$/, '')}`,
    ],
  ])('a hash of a file for its own import: %j', (custom, hash) => {
    const user = { user_id: 'auth0|7', username: 'ada', name: 'Ada', blocked: true, custom_password_hash: custom };
    expect(lineOf(convertAuth0User(user))).toMatchObject({
      username: 'ada',
      display_name: 'Ada',
      status: 'disabled',
      external_id: 'auth0|7',
      password_hash: hash,
    });
  });

  test('who has a hash that is not known comes without, and it is told', () => {
    const custom = { algorithm: 'ldap', hash: { value: '{SSHA}x' } };
    const { line, note } = convertAuth0User({ email: 'ada@example.com', custom_password_hash: custom });
    expect(line).not.toHaveProperty('password_hash');
    expect(note).toContain('ldap is not known');
  });
});

describe('Firebase', () => {
  const shown = `hash_config {
    algorithm: SCRYPT,
    base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
    base64_salt_separator: Bw==,
    rounds: 8,
    mem_cost: 14,
  }`;

  test('a user comes with the parameters of the project', () => {
    const parameters = parseHashParameters(shown);
    if (parameters === undefined) throw new Error('not read');
    const hash = Buffer.alloc(64, 255);
    const user = {
      localId: 'xK7b',
      email: 'ada@example.com',
      emailVerified: false,
      passwordHash: hash.toString('base64url'),
      salt: '42xEC-ixf3L2lw==',
      createdAt: '1556938921000',
      disabled: false,
    };
    const work = `v=1,n=14,r=8,p=1,ss=Bw==,sk=${parameters.signerKey}`;
    expect(lineOf(convertFirebaseUser(user, parameters))).toEqual({
      username: 'ada@example.com',
      email: 'ada@example.com',
      email_verified: false,
      password_hash: `$fbscrypt$${work}$42xEC+ixf3L2lw==$${hash.toString('base64').replace(/=+$/, '')}`,
      status: 'active',
      external_id: 'xK7b',
      created_at: '2019-05-04T03:02:01.000Z',
    });
    expect(convertFirebaseUser({ localId: 'anonymous' }, parameters).note).toContain('left out');
  });

  test.each(['', shown.replace('mem_cost', 'cost'), shown.replace('base64_signer_key', 'key')])(
    'parameters of which one is missing: %#',
    (text) => {
      expect(parseHashParameters(text)).toBeUndefined();
    },
  );
});

describe('an export is read as it comes', () => {
  const all = async (users: AsyncIterable<Fields>) => {
    const found: Fields[] = [];
    for await (const user of users) found.push(user);
    return found;
  };
  const inPieces = (text: string) => Readable.from(text.match(/.{1,7}/gs)?.map((piece) => Buffer.from(piece)) ?? []);
  const document = '{"realm":"é","roles":[{"users":[1]}],"users":[{"a":{"b":[1]}},{"a":"é"}],"groups":[]}';

  test('a document, of which the users count', async () => {
    expect(await all(usersOfDocument(inPieces(document)))).toEqual([{ a: { b: [1] } }, { a: 'é' }]);
  });

  test('lines', async () => {
    expect(await all(usersOfLines(inPieces('\uFEFF{"a":1}\r\n\n{"a":2}')))).toEqual([{ a: 1 }, { a: 2 }]);
  });

  test.each([
    ['a document that is cut off', usersOfDocument, document.slice(0, 60)],
    ['no document', usersOfDocument, 'users'],
    ['a line that is cut off', usersOfLines, '{"a":1}\n{"a"'],
    ['a line that is no user', usersOfLines, '[]'],
  ])('%s is told', async (_, users, text) => {
    await expect(all(users(inPieces(text)))).rejects.toThrow(UnreadableExportError);
  });
});
