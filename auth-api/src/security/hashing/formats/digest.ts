import type { StoredHash } from './stored-hash.ts';

const plain = /^[0-9a-fA-F]{32}$/;
const salted = /^(md5|md5-suffix)\$([^$]{1,128})\$([0-9a-fA-F]{32})$/;

/** MD5 as old tables hold it: bare, `md5$salt$hex` (salt before the password), `md5-suffix$salt$hex` (after it). */
export function parseDigest(encoded: string): StoredHash | undefined {
  if (plain.test(encoded)) {
    return { family: 'md5', salt: Buffer.alloc(0), saltFirst: true, hash: Buffer.from(encoded, 'hex') };
  }
  const match = salted.exec(encoded);
  if (match === null) return undefined;
  const [, scheme, salt = '', hex = ''] = match;
  return { family: 'md5', salt: Buffer.from(salt, 'utf8'), saltFirst: scheme === 'md5', hash: Buffer.from(hex, 'hex') };
}
