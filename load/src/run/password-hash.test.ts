import { expect, test } from '@jest/globals';
import { parseStoredHash } from '../../../auth-api/src/security/hashing/formats/stored-hash.ts';
import { passwordHash } from './password-hash.ts';

test.each([
  [
    { algorithm: 'bcrypt', cost: 5 },
    { family: 'bcrypt', cost: 5 },
  ],
  [
    { algorithm: 'argon2id', cost: 11 },
    { family: 'argon2id', memoryKib: 19 * 1024, passes: 2, parallelism: 1 },
  ],
] as const)('%j is read by the auth API as that', async (hashing, read) => {
  expect(parseStoredHash(await passwordHash('a password', hashing))).toMatchObject(read);
});
