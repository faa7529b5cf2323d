import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { clientRequest } from './client-schemas.ts';

const jwk = (key: KeyObject, kid = 'a') => ({ ...key.export({ format: 'jwk' }), kid });
const ed25519 = generateKeyPairSync('ed25519');
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength });

/** Where the faults are; none: it is accepted. */
function faults(...keys: object[]): string[] {
  const client = { name: 'shop', authentication: 'private_key_jwt', jwks: { keys } };
  const parsed = clientRequest.safeParse(client);
  return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join('/'));
}

describe('keys of a client', () => {
  test('are public ones for EdDSA, ES256 and RS256', () => {
    const keys = [jwk(ed25519.publicKey, '1'), jwk(p256, '2'), jwk(rsa(2048).publicKey, '3')];
    expect(faults(...keys)).toEqual([]);
  });

  test.each([
    ['private', jwk(ed25519.privateKey)],
    ['private, of RSA', jwk(rsa(2048).privateKey)],
    ['a secret', { kty: 'oct', k: 'c2VjcmV0', kid: 'a' }],
    ['short', jwk(rsa(1024).publicKey)],
    ['of another curve', jwk(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)],
    ['for another algorithm', { ...jwk(rsa(2048).publicKey), alg: 'HS256' }],
    ['not on the curve', { ...jwk(p256), y: jwk(p256).x }],
    ['without a kid', p256.export({ format: 'jwk' })],
    ['somewhere else', { kty: 'RSA', jku: 'https://shop.example.com/jwks', kid: 'a' }],
  ])('are refused where they are %s', (_, key) => {
    expect(faults(key).every((path) => path.startsWith('jwks/keys/0'))).toBe(true);
    expect(faults(key)).not.toEqual([]);
  });

  test('are one to five, each with a kid of its own', () => {
    const key = jwk(ed25519.publicKey);
    expect(faults()).toEqual(['jwks/keys']);
    expect(faults(key, key)).toEqual(['jwks/keys']);
    expect(faults(...['1', '2', '3', '4', '5', '6'].map((kid) => ({ ...key, kid })))).toEqual(['jwks/keys']);
  });
});
