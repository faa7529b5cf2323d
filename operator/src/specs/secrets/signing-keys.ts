import { createHash, createPrivateKey } from 'node:crypto';

export type RandomBytes = (size: number) => Buffer;

/** One entry of keyset.json: a private JWK (RFC 8037) with where it is in its life. */
export interface SigningKey {
  /** JWK thumbprint (RFC 7638). */
  kid: string;
  kty: 'OKP';
  crv: 'Ed25519';
  x: string;
  d: string;
  status: 'pending' | 'active' | 'retired';
  /** RFC 3339, as all times here. */
  created_at: string;
  /** Of a pending key: since when every pod publishes it. */
  published_at?: string;
  /** Of an active key that another one was before: since when it signs. */
  activated_at?: string;
  /** Of a retired key: since when no pod signs with it. */
  retired_at?: string;
}

/** keyset.json. Of it the auth API reads `keys`, and of those neither `published_at` nor what follows it. */
export interface KeySet {
  keys: readonly SigningKey[];
  /** What the last rotation was asked for with. */
  rotation?: string;
}

/** PKCS #8 wrapping of a 32-byte Ed25519 seed (RFC 8410 section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A key made from 32 random bytes. `now` becomes created_at. */
export function signingKey(random: RandomBytes, now: Date, status: SigningKey['status']): SigningKey {
  const der = Buffer.concat([PKCS8_PREFIX, random(32)]);
  const { x, d } = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' });
  if (x === undefined || d === undefined) throw new Error('Ed25519 key without x or d');
  return { kid: thumbprint(x), kty: 'OKP', crv: 'Ed25519', x, d, status, created_at: now.toISOString() };
}

/** RFC 7638: SHA-256 over the required members in lexicographic order, without white space. */
function thumbprint(x: string): string {
  return createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url');
}
