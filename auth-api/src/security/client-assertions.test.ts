import { createHmac, createSign, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { JwtClientAssertions } from './client-assertions.ts';

const issuer = 'https://auth.example.com';
const tokenEndpoint = `${issuer}/oauth/token`;
const nowSeconds = 1_800_000_000;
const assertions = new JwtClientAssertions([issuer, tokenEndpoint]);

const keys = {
  EdDSA: generateKeyPairSync('ed25519'),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
};
type Algorithm = keyof typeof keys;

const jwks = {
  keys: Object.entries(keys).map(([kid, { publicKey }]) => {
    const jwk = publicKey.export({ format: 'jwk' });
    return { ...jwk, kty: String(jwk.kty), kid };
  }),
};
const claims = { iss: 'shop', sub: 'shop', aud: tokenEndpoint, jti: 'once', exp: nowSeconds + 60 };

function signature(alg: string, key: KeyObject, text: string): Buffer {
  if (alg === 'EdDSA') return sign(null, Buffer.from(text), key);
  const dsaEncoding = 'ieee-p1363' as const;
  return createSign('SHA256')
    .update(text)
    .sign(alg === 'ES256' ? { key, dsaEncoding } : key);
}

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Signed by hand: a library would refuse to make most of these. */
function assertion(alg: Algorithm, payload: object = {}, header: object = {}, key = keys[alg].privateKey): string {
  const text = `${encode({ alg, kid: alg, ...header })}.${encode({ ...claims, ...payload })}`;
  return `${text}.${signature(alg, key, text).toString('base64url')}`;
}

const verify = (text: string) => assertions.verify(text, { id: 'shop', jwks }, nowSeconds * 1000);

describe('an assertion', () => {
  test.each(['EdDSA', 'ES256', 'RS256'] as const)('signed with %s is accepted, for the issuer as well', async (alg) => {
    const accepted = { id: 'once', expiresAtMs: (nowSeconds + 65) * 1000 };
    expect(await verify(assertion(alg))).toEqual(accepted);
    expect(await verify(assertion(alg, { aud: issuer }))).toEqual(accepted);
  });

  test.each([
    ['of another issuer', { iss: 'bank' }],
    ['about somebody else', { sub: 'bank' }],
    ['for another service', { aud: 'https://bank.example.com' }],
    ['for another service, too', { aud: [tokenEndpoint, 'https://bank.example.com'] }],
    ['for nobody', { aud: undefined }],
    ['that has expired', { exp: nowSeconds - 6 }],
    ['that never expires', { exp: undefined }],
    ['that expires late', { exp: nowSeconds + 306 }],
    ['that is not good yet', { nbf: nowSeconds + 60 }],
    ['without an id', { jti: undefined }],
    ['with an id that is empty', { jti: '' }],
    ['with an id that is a number', { jti: 7 }],
    ['with an id that is long', { jti: 'x'.repeat(256) }],
    ['that is long', { note: 'x'.repeat(9_000) }],
  ])('%s is refused', async (_, payload) => {
    expect(await verify(assertion('EdDSA', payload))).toBeUndefined();
  });

  test.each([
    ['with a key that is not known', { kid: 'other' }],
    ['with the key of another algorithm', { kid: 'ES256' }],
    ['with an extension that must be understood', { crit: ['b64'], b64: false }],
  ])('%s is refused', async (_, header) => {
    expect(await verify(assertion('EdDSA', {}, header))).toBeUndefined();
  });

  test('signed by somebody else, not signed, or changed is refused', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    expect(await verify(assertion('EdDSA', {}, {}, privateKey))).toBeUndefined();
    const [header, , signed] = assertion('EdDSA').split('.');
    const unsigned = `${encode({ alg: 'none' })}.${encode(claims)}.`;
    const changed = `${header}.${encode({ ...claims, jti: 'twice' })}.${signed}`;
    for (const text of [unsigned, changed, `${header}..`, 'nonsense', '']) expect(await verify(text)).toBeUndefined();
  });

  test('signed with the public key as if it were a secret is refused', async () => {
    for (const format of ['pem', 'der'] as const) {
      const secret = keys.RS256.publicKey.export({ format, type: 'spki' } as { format: 'pem'; type: 'spki' });
      const text = `${encode({ alg: 'HS256', kid: 'RS256' })}.${encode(claims)}`;
      const mac = createHmac('sha256', secret).update(text).digest('base64url');
      expect(await verify(`${text}.${mac}`)).toBeUndefined();
    }
  });

  test('that brings its own key is checked with the registered one', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const header = { jwk: publicKey.export({ format: 'jwk' }), jku: 'https://bank.example.com/jwks' };
    expect(await verify(assertion('EdDSA', {}, header, privateKey))).toBeUndefined();
  });
});
