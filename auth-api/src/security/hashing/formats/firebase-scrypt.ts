import { decodeBase64 } from './base64.ts';
import { affordableScrypt } from './scrypt.ts';
import type { StoredHash } from './stored-hash.ts';

const encodedForm =
  /^\$fbscrypt\$v=1,n=(\d{1,2}),r=(\d{1,3}),p=(\d{1,2})(?:,ss=([^,$]{1,64}))?,sk=([^,$]{1,256})\$([^$]{1,256})\$([^$]{1,256})$/;

/**
 * The scrypt of Firebase, in the form that Supabase Auth has made for it: `n` is the binary logarithm of the cost (Firebase
 * calls it `mem_cost`, and `r` `rounds`), `ss` the salt separator, `sk` the signer key of the project; all in base64.
 */
export function parseFirebaseScrypt(encoded: string): StoredHash | undefined {
  const match = encodedForm.exec(encoded);
  if (match === null) return undefined;
  const [, logarithm, block, lanes, encodedSeparator, encodedKey = '', encodedSalt = '', encodedHash = ''] = match;
  const work = affordableScrypt(Number(logarithm), Number(block), Number(lanes));
  const separator = encodedSeparator === undefined ? Buffer.alloc(0) : decodeBase64(encodedSeparator);
  const [signerKey, salt, hash] = [decodeBase64(encodedKey), decodeBase64(encodedSalt), decodeBase64(encodedHash)];
  if (separator === undefined || signerKey === undefined || salt === undefined || hash === undefined) return undefined;
  // The hash is the signer key, encrypted.
  if (work === undefined || hash.length < 16 || hash.length !== signerKey.length) return undefined;
  return { family: 'firebase-scrypt', ...work, salt: Buffer.concat([salt, separator]), signerKey, hash };
}
