import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';

const keySchema = z.object({
  kid: z.string().min(1),
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().min(1),
  d: z.string().min(1),
  status: z.enum(['pending', 'active', 'retired']),
  created_at: z.iso.datetime({ offset: true }),
});
const keySetSchema = z.object({ keys: z.array(keySchema).min(1) });

/** A public key as RFC 7517 and RFC 8037 write it. */
export interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly kid: string;
  readonly x: string;
  readonly use: 'sig';
  readonly alg: 'EdDSA';
}

export interface KeyState {
  readonly kid: string;
  readonly status: z.output<typeof keySchema>['status'];
  readonly createdAt: Date;
}

export interface SigningKeySet {
  readonly states: readonly KeyState[];
  readonly active: { readonly kid: string; readonly privateKey: KeyObject };
  /** By kid: pending keys, so that they are known before they sign, and retired ones, while their tokens live. */
  readonly publicKeys: ReadonlyMap<string, KeyObject>;
  readonly jwks: { readonly keys: readonly PublicJwk[] };
}

/**
 * Reads keyset.json: `{"keys":[{kid, kty: "OKP", crv: "Ed25519", x, d, status: pending|active|retired, created_at}]}`.
 * Whoever rotates the keys may note more there, which is passed over.
 * @throws Error saying what is wrong, without any of the content
 */
export function parseKeySet(text: string): SigningKeySet {
  const parsed = keySetSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new Error(`the key set is malformed: ${z.prettifyError(parsed.error)}`);
  const { keys } = parsed.data;
  const active = keys.filter((key) => key.status === 'active');
  const [signing] = active;
  if (signing === undefined || active.length > 1) {
    throw new Error(`the key set must have exactly one active key, not ${active.length}`);
  }
  if (new Set(keys.map((key) => key.kid)).size < keys.length) throw new Error('the key set has a kid twice');
  return {
    states: keys.map(({ kid, status, created_at }) => ({ kid, status, createdAt: new Date(created_at) })),
    active: {
      kid: signing.kid,
      privateKey: createPrivateKey({ key: { ...jwk(signing), d: signing.d }, format: 'jwk' }),
    },
    publicKeys: new Map(keys.map((key) => [key.kid, createPublicKey({ key: jwk(key), format: 'jwk' })])),
    jwks: {
      keys: keys.map(({ kid, x }) => ({ kty: 'OKP', crv: 'Ed25519', kid, x, use: 'sig', alg: 'EdDSA' })),
    },
  };
}

function jwk({ kty, crv, x }: { kty: string; crv: string; x: string }): JsonWebKey {
  return { kty, crv, x };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the key set is not JSON');
  }
}
