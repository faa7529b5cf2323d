import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { registeredClient } from '../testing/fakes.ts';
import type { AccessTokens, TokenClaims } from './ports/tokens.ts';
import { issueServiceToken } from './service-tokens.ts';

const scopes = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'));

function issue(permissions: readonly string[], asked: readonly string[]) {
  const signed: TokenClaims[] = [];
  const accessTokens: AccessTokens = { sign: (claims) => String(signed.push(claims)), verify: () => undefined };
  const client = { ...registeredClient, permissions };
  const lifetimes = { accessSeconds: 300, refreshSeconds: 0 };
  const outcome = issueServiceToken(client, asked, { accessTokens, clock: { nowMs: () => 1_000_000 }, lifetimes });
  return { outcome, signed };
}

test('a token has what was asked for, or all there is, and nothing that the client has not', () => {
  fc.assert(
    fc.property(scopes, scopes, (permissions, asked) => {
      const { outcome, signed } = issue(permissions, asked);
      const isNarrower = asked.every((scope) => permissions.includes(scope));
      expect(outcome.kind).toBe(isNarrower ? 'issued' : 'invalidScope');
      const { id: clientId, grantId } = registeredClient;
      const expected = { clientId, grantId, scopes: asked.length === 0 ? permissions : asked };
      const lifetime = { issuedAtSeconds: 1_000, expiresAtSeconds: 1_300 };
      expect(signed).toEqual(isNarrower ? [expect.objectContaining({ ...expected, ...lifetime })] : []);
    }),
  );
});

test('what is asked for twice is there once', () => {
  expect(issue(['a', 'b'], ['b', 'b']).outcome).toMatchObject({ scopes: ['b'] });
});
