import { parseArgon2 } from './argon2.ts';
import { parseBcrypt } from './bcrypt.ts';
import { parseDigest } from './digest.ts';
import { parseFirebaseScrypt } from './firebase-scrypt.ts';
import { parsePbkdf2 } from './pbkdf2.ts';
import { parseScrypt } from './scrypt.ts';

/** A stored password hash, parsed and known to be within the bounds that a verification may cost. */
export type StoredHash =
  | { readonly family: 'bcrypt'; readonly cost: number; readonly modular: string }
  | {
      readonly family: 'argon2id' | 'argon2i' | 'argon2d';
      readonly memoryKib: number;
      readonly passes: number;
      readonly parallelism: number;
      readonly salt: Buffer;
      readonly hash: Buffer;
    }
  | {
      readonly family: 'pbkdf2';
      readonly digest: 'sha1' | 'sha256' | 'sha512';
      readonly iterations: number;
      readonly salt: Buffer;
      readonly hash: Buffer;
    }
  | {
      readonly family: 'scrypt';
      readonly cost: number;
      readonly blockSize: number;
      readonly parallelism: number;
      readonly salt: Buffer;
      readonly hash: Buffer;
    }
  | {
      readonly family: 'firebase-scrypt';
      readonly cost: number;
      readonly blockSize: number;
      readonly parallelism: number;
      /** With the separator of the project behind it. */
      readonly salt: Buffer;
      readonly signerKey: Buffer;
      readonly hash: Buffer;
    }
  | { readonly family: 'md5'; readonly salt: Buffer; readonly saltFirst: boolean; readonly hash: Buffer };

/**
 * Reads any stored hash that can be verified. Undefined for an unknown format and for parameters beyond the caps,
 * which keep an imported hash from occupying a worker for seconds or from taking its memory:
 *
 * | format | source | cap |
 * | --- | --- | --- |
 * | `$2a$`, `$2b$`, `$2y$` | bcrypt; `$2y$` is PHP's name of `$2b$` | cost 16 |
 * | `$argon2id$`, `$argon2i$`, `$argon2d$` with `v=19` | PHC string, RFC 9106 | 256 MiB, 64 passes, 16 lanes, memory x passes 2 GiB |
 * | `$pbkdf2$`, `$pbkdf2-sha256$`, `$pbkdf2-sha512$` with `i=N` (PHC) or `N` (passlib) | RFC 8018 | 2,000,000 iterations |
 * | `pbkdf2_sha1$N$salt$hash`, `pbkdf2_sha256$...` | Django | the same |
 * | `$scrypt$ln=,r=,p=$salt$hash` | PHC string, RFC 7914 | 128 MiB, 16 lanes |
 * | `$fbscrypt$v=1,n=,r=,p=,ss=,sk=$salt$hash` | Firebase's scrypt, in the form of Supabase Auth | the same |
 * | 32 hex digits; `md5$salt$hex` | MD5 of password; of salt + password (Django) | |
 * | `md5-suffix$salt$hex` | MD5 of password + salt | |
 */
export function parseStoredHash(encoded: string): StoredHash | undefined {
  return (
    parseBcrypt(encoded) ??
    parseArgon2(encoded) ??
    parsePbkdf2(encoded) ??
    parseScrypt(encoded) ??
    parseFirebaseScrypt(encoded) ??
    parseDigest(encoded)
  );
}
