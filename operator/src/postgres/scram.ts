import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

/** PostgreSQL's default; client and server keys of 4096 rounds of a 192-bit random password are out of reach. */
const ITERATIONS = 4096;

/**
 * The SCRAM-SHA-256 verifier of a password as pg_authid.rolpassword and PgBouncer's userlist.txt hold it:
 * `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` (RFC 5803, RFC 7677). `salt` is 16 random bytes.
 * The password must be ASCII, because SASLprep is not applied.
 */
export function scramVerifier(password: string, salt: Buffer, iterations: number = ITERATIONS): string {
  if (!/^[\x21-\x7e]+$/.test(password)) throw new RangeError('a SCRAM password here must be printable ASCII');
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const storedKey = createHash('sha256').update(clientKey).digest('base64');
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}
