import {
  argon2Sync,
  createCipheriv,
  createHash,
  pbkdf2Sync,
  randomBytes,
  scryptSync,
  timingSafeEqual,
} from 'node:crypto';
import bcrypt from 'bcrypt';
import { formatArgon2 } from './formats/argon2.ts';
import { type ScryptWork, scryptMemoryBytes } from './formats/scrypt.ts';
import type { StoredHash } from './formats/stored-hash.ts';
import { bcryptMaxPasswordBytes, type HashPolicy } from './policy.ts';

/** Hashes a password by the policy. Blocks its thread: call it in a worker. */
export function computeHash(password: string, policy: HashPolicy): string {
  if (policy.algorithm === 'bcrypt') return bcrypt.hashSync(password, policy.cost);
  const salt = randomBytes(16);
  const hash = argon2(password, { family: 'argon2id', ...policy, salt, tagLength: 32 });
  return formatArgon2({ family: 'argon2id', ...policy, salt, hash });
}

/** Whether the password belongs to the stored hash. Blocks its thread. Every comparison takes constant time. */
export function matches(password: string, stored: StoredHash): boolean {
  switch (stored.family) {
    case 'bcrypt':
      return matchesBcrypt(password, stored.modular);
    case 'argon2id':
    case 'argon2i':
    case 'argon2d':
      return timingSafeEqual(argon2(password, { ...stored, tagLength: stored.hash.length }), stored.hash);
    case 'pbkdf2': {
      const { salt, iterations, digest, hash } = stored;
      return timingSafeEqual(pbkdf2Sync(password, salt, iterations, hash.length, digest), hash);
    }
    case 'scrypt':
      return timingSafeEqual(scrypt(password, stored, stored.hash.length), stored.hash);
    case 'firebase-scrypt':
      return timingSafeEqual(firebaseScrypt(password, stored), stored.hash);
    case 'md5':
      return timingSafeEqual(md5(password, stored), stored.hash);
  }
}

/** A password that bcrypt would cut off matches nothing, after the same work as any other. */
function matchesBcrypt(password: string, modular: string): boolean {
  const fits = Buffer.byteLength(password, 'utf8') <= bcryptMaxPasswordBytes;
  return bcrypt.compareSync(password, modular) && fits;
}

interface Argon2Input {
  readonly family: 'argon2id' | 'argon2i' | 'argon2d';
  readonly memoryKib: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Buffer;
  readonly tagLength: number;
}

function argon2(password: string, input: Argon2Input): Buffer {
  return argon2Sync(input.family, {
    message: Buffer.from(password, 'utf8'),
    nonce: input.salt,
    parallelism: input.parallelism,
    tagLength: input.tagLength,
    memory: input.memoryKib,
    passes: input.passes,
  });
}

function scrypt(password: string, input: ScryptWork & { readonly salt: Buffer }, length: number): Buffer {
  const { cost, blockSize, parallelism, salt } = input;
  // Node refuses what reaches the limit exactly, and counts the lanes in.
  const maxmem = 2 * scryptMemoryBytes(cost, blockSize) + 2 * 128 * blockSize * parallelism;
  return scryptSync(password, salt, length, { N: cost, r: blockSize, p: parallelism, maxmem });
}

/** Firebase encrypts the project's signer key, with a key that scrypt makes of the password. */
function firebaseScrypt(password: string, stored: Extract<StoredHash, { family: 'firebase-scrypt' }>): Buffer {
  const key = scrypt(password, stored, 32);
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  return Buffer.concat([cipher.update(stored.signerKey), cipher.final()]);
}

function md5(password: string, stored: Extract<StoredHash, { family: 'md5' }>): Buffer {
  const digest = createHash('md5');
  if (stored.saltFirst) digest.update(stored.salt).update(password);
  else digest.update(password).update(stored.salt);
  return digest.digest();
}
