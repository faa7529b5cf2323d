import { argon2Sync, randomBytes } from 'node:crypto';
import bcrypt from 'bcrypt';
import type { Hashing } from '../plan/calibration.ts';

const MEMORY_KIB = 19 * 1024;

/** As the auth API itself hashes, so that it takes the hash for one of its own and never makes it anew. */
export async function passwordHash(password: string, { algorithm, cost }: Hashing): Promise<string> {
  if (algorithm === 'bcrypt') return bcrypt.hash(password, cost);
  const nonce = randomBytes(16);
  const passes = 2 ** (cost - 10);
  const parameters = { memory: MEMORY_KIB, passes, parallelism: 1, tagLength: 32 };
  const hash = argon2Sync('argon2id', { message: password, nonce, ...parameters });
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${passes},p=1$${phcBase64(nonce)}$${phcBase64(hash)}`;
}

function phcBase64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
