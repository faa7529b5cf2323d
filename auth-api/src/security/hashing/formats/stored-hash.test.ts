import { createHash, pbkdf2Sync, scryptSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import bcrypt from 'bcrypt';
import { computeHash, matches } from '../compute.ts';
import { encodePhcBase64 } from './base64.ts';
import { parseStoredHash } from './stored-hash.ts';

const password = 'correct horse battery';
const salt = Buffer.from('0123456789abcdef');
const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const pbkdf2 = (digest: string) => pbkdf2Sync(password, salt, 1000, 32, digest);
const scrypt = scryptSync(password, salt, 32, { N: 1024, r: 8, p: 2 });
const bcryptHash = bcrypt.hashSync(password, 4);
const argon2id = computeHash(password, { algorithm: 'argon2id', memoryKib: 64, passes: 2, parallelism: 1 });

describe('a stored hash verifies its password and no other', () => {
  const formats: [string, string][] = [
    ['bcrypt $2b$', bcryptHash],
    ['bcrypt $2a$', bcryptHash.replace('$2b$', '$2a$')],
    ['bcrypt $2y$ of PHP', bcryptHash.replace('$2b$', '$2y$')],
    ['argon2id', argon2id],
    ['PBKDF2, PHC', `$pbkdf2-sha256$i=1000$${encodePhcBase64(salt)}$${encodePhcBase64(pbkdf2('sha256'))}`],
    [
      'PBKDF2, passlib',
      `$pbkdf2-sha512$1000$${encodePhcBase64(salt)}$${encodePhcBase64(pbkdf2('sha512'))}`.replaceAll('+', '.'),
    ],
    ['PBKDF2, Django', `pbkdf2_sha256$1000$${salt}$${pbkdf2('sha256').toString('base64')}`],
    ['scrypt', `$scrypt$ln=10,r=8,p=2$${encodePhcBase64(salt)}$${encodePhcBase64(scrypt)}`],
    ['MD5', md5(password)],
    ['MD5 in capitals', md5(password).toUpperCase()],
    ['MD5, salt first', `md5$pepper$${md5(`pepper${password}`)}`],
    ['MD5, salt last', `md5-suffix$pepper$${md5(`${password}pepper`)}`],
  ];
  test.each(formats)('%s', (_, encoded) => {
    const stored = parseStoredHash(encoded);
    if (stored === undefined) throw new Error('not parsed');
    expect(matches(password, stored)).toBe(true);
    expect(matches(`${password}!`, stored)).toBe(false);
  });
});

test('argon2id agrees with the reference implementation (vector of phc-winner-argon2: t=2, m=64 MiB, p=1)', () => {
  const stored = parseStoredHash(
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  );
  expect(stored && matches('password', stored)).toBe(true);
});

const firebaseVector =
  '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==' +
  '$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==';

test("Firebase's scrypt agrees with the vector that Firebase publishes (github.com/firebase/scrypt)", () => {
  const stored = parseStoredHash(firebaseVector);
  expect(stored && matches('user1password', stored)).toBe(true);
  expect(stored && matches('user2password', stored)).toBe(false);
});

describe('what would cost too much, or is no hash, is not read', () => {
  const phc = `${encodePhcBase64(salt)}$${encodePhcBase64(Buffer.alloc(32))}`;
  test.each([
    ['bcrypt of cost 17', bcryptHash.replace('$04$', '$17$')],
    ['bcrypt of cost 3', bcryptHash.replace('$04$', '$03$')],
    ['argon2id of 1 GiB', `$argon2id$v=19$m=1048576,t=1,p=1$${phc}`],
    ['argon2id of 256 MiB and 64 passes', `$argon2id$v=19$m=262144,t=64,p=1$${phc}`],
    ['argon2id without passes', `$argon2id$v=19$m=65536,t=0,p=1$${phc}`],
    ['PBKDF2 of 3,000,000 iterations', `$pbkdf2-sha256$i=3000000$${phc}`],
    ['scrypt of 1 GiB', `$scrypt$ln=20,r=8,p=1$${phc}`],
    ["Firebase's scrypt of 1 GiB", firebaseVector.replace('n=14', 'n=20')],
    ["Firebase's scrypt whose hash is not as long as the signer key", firebaseVector.slice(0, -8)],
    ['a short hash, easy to collide with', `$pbkdf2-sha256$i=1000$${encodePhcBase64(salt)}$AAAA`],
    ['SHA-1', createHash('sha1').update(password).digest('hex')],
    ['the password itself', password],
    ['nothing', ''],
  ])('%s', (_, encoded) => {
    expect(parseStoredHash(encoded)).toBeUndefined();
  });
});

test('bcrypt matches no password that it would cut off', () => {
  const cutOff = 'x'.repeat(72);
  const stored = parseStoredHash(bcrypt.hashSync(cutOff, 4));
  if (stored === undefined) throw new Error('not parsed');
  expect(matches(cutOff, stored)).toBe(true);
  expect(matches(`${cutOff}y`, stored)).toBe(false);
});
