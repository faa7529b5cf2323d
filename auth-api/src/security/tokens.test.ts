import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { isRoleListTooLong, longestRoleList } from '../domain/permissions.ts';
import { Ed25519AccessTokens } from './access-token.ts';
import { parseKeySet, type SigningKeySet } from './key-set.ts';
import { OpaqueRefreshTokens } from './refresh-token.ts';

type Status = 'pending' | 'active' | 'retired';

function key(kid: string, status: Status) {
  const { x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { kid, kty: 'OKP', crv: 'Ed25519', x, d, status, created_at: '2026-01-01T00:00:00Z' };
}

const keySet = (...keys: ReturnType<typeof key>[]) => parseKeySet(JSON.stringify({ keys }));
const tokensOf = (keys: () => SigningKeySet) => new Ed25519AccessTokens({ issuer: 'https://a', audience: 'b', keys });
const claims = {
  userId: 'u',
  sessionId: 's',
  roles: ['reader'],
  authenticatedAtSeconds: 7,
  hasSecondFactor: false,
  tokenId: 'j',
  issuedAtSeconds: 1_000,
  expiresAtSeconds: 1_300,
};

describe('access tokens', () => {
  const keys = keySet(key('1', 'active'));
  const tokens = tokensOf(() => keys);
  const signed = tokens.sign(claims);

  test('say what was signed, until they expire', () => {
    expect(tokens.verify(signed, 1_299)).toEqual(claims);
    expect(tokens.verify(signed, 1_300)).toBeUndefined();
  });

  test('of a service say what was signed, and are nobody else’s', () => {
    const { tokenId, issuedAtSeconds, expiresAtSeconds } = claims;
    const common = { tokenId, issuedAtSeconds, expiresAtSeconds };
    for (const scopes of [['a', 'b'], []]) {
      const service = { clientId: 'c', grantId: 'g', scopes, ...common };
      expect(tokens.verify(tokens.sign(service), 1_299)).toEqual(service);
    }
    const [, payload = ''] = tokens.sign({ clientId: 'c', grantId: 'g', scopes: ['a'], ...common }).split('.');
    const says = JSON.parse(Buffer.from(payload, 'base64url').toString());
    expect(says).toMatchObject({ sub: 'c', client_id: 'c', scope: 'a' });
    expect(says).not.toHaveProperty('sid');
  });

  test('say as many roles as an account can have, and all scopes of a service', () => {
    const issuer = `https://${'a'.repeat(200)}`;
    const long = new Ed25519AccessTokens({ issuer, audience: issuer, keys: () => keys });
    const roles = Array.from({ length: (longestRoleList + 1) / 2 }, () => 'r');
    expect([isRoleListTooLong(roles), isRoleListTooLong([...roles, 'r'])]).toEqual([false, true]);
    const scopes = Array.from({ length: 50 }, () => 's'.repeat(100));
    const { tokenId, issuedAtSeconds, expiresAtSeconds } = claims;
    const service = { clientId: 'c', grantId: 'g', scopes, tokenId, issuedAtSeconds, expiresAtSeconds };
    for (const each of [{ ...claims, roles }, service]) expect(long.verify(long.sign(each), 1_299)).toEqual(each);
  });

  test('of the future, another issuer or another audience are refused', () => {
    expect(tokens.verify(signed, 900)).toBeUndefined();
    for (const other of [{ issuer: 'https://c' }, { audience: 'c' }]) {
      const stranger = new Ed25519AccessTokens({ issuer: 'https://a', audience: 'b', ...other, keys: () => keys });
      expect(stranger.verify(signed, 1_100)).toBeUndefined();
    }
  });

  test('changed in any part are refused', () => {
    const [header = '', payload = '', signature = ''] = signed.split('.');
    const other = Buffer.from(JSON.stringify({ sub: 'root' })).toString('base64url');
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid: '1' })).toString('base64url');
    for (const forged of [
      `${header}.${other}.${signature}`,
      `${none}.${payload}.`,
      `${header}.${payload}`,
      `${signed}.x`,
      '',
      '..',
      'x'.repeat(9_000),
    ]) {
      expect(tokens.verify(forged, 1_100)).toBeUndefined();
    }
  });

  test('survive a staged rotation of the key', () => {
    const [old, next] = [key('1', 'active'), key('2', 'pending')];
    let current = keySet(old, next);
    const rotating = tokensOf(() => current);
    const before = rotating.sign(claims);
    current = keySet({ ...old, status: 'retired' }, { ...next, status: 'active' });
    const after = rotating.sign(claims);
    expect([rotating.verify(before, 1_100), rotating.verify(after, 1_100)]).toEqual([claims, claims]);
    current = keySet({ ...next, status: 'active' });
    expect(rotating.verify(before, 1_100)).toBeUndefined();
  });
});

describe('the key set', () => {
  test('publishes every key, and nothing private', () => {
    const { jwks, states } = keySet(key('1', 'active'), key('2', 'pending'), key('3', 'retired'));
    expect(jwks.keys.map(({ kid }) => kid)).toEqual(['1', '2', '3']);
    expect(JSON.stringify([jwks, states])).not.toContain('"d"');
    expect(states.map(({ status }) => status)).toEqual(['active', 'pending', 'retired']);
  });

  test.each([
    ['no active key', [key('1', 'pending')], /exactly one active key, not 0/],
    ['two active keys', [key('1', 'active'), key('2', 'active')], /exactly one active key, not 2/],
    ['a kid twice', [key('1', 'active'), key('1', 'retired')], /a kid twice/],
  ])('with %s is refused', (_, keys, message) => {
    expect(() => keySet(...keys)).toThrow(message);
  });

  test('an error repeats nothing of what is secret', () => {
    const { d = '', ...rest } = key('1', 'active');
    const text = JSON.stringify({ keys: [{ ...rest, d, status: 'on' }] });
    expect(() => parseKeySet(text)).toThrow(/status/);
    expect(() => parseKeySet(text)).not.toThrow(d);
  });
});

test('refresh tokens hold 256 bits, and their successors are the same under one key only', () => {
  const [one, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)].map(
    (secret) => new OpaqueRefreshTokens(() => secret),
  );
  const token = one?.mint() ?? '';
  expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  expect(one?.successor(token)).toBe(one?.successor(token));
  expect(other?.successor(token)).not.toBe(one?.successor(token));
});
