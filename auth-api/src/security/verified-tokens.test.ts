import { hash } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import type { AccessClaims, AccessTokens } from '../domain/ports/tokens.ts';
import { portOf } from '../testing/fakes.ts';
import { VerifiedTokens } from './verified-tokens.ts';

const claims: AccessClaims = {
  userId: 'u',
  sessionId: 's',
  roles: [],
  authenticatedAtSeconds: 7,
  hasSecondFactor: false,
  tokenId: 't',
  issuedAtSeconds: 0,
  expiresAtSeconds: 300,
};

function remembering() {
  const verify = jest.fn<AccessTokens['verify']>((token) => (token === 'good' ? claims : undefined));
  const sign = () => 'signed';
  return { verify, tokens: new VerifiedTokens(portOf<AccessTokens>({ sign, verify }), 10) };
}

describe('a token that was verified', () => {
  test('is not checked again before it expires', () => {
    const { verify, tokens } = remembering();
    expect([tokens.verify('good', 0), tokens.verify('good', 299)]).toEqual([claims, claims]);
    expect(verify).toHaveBeenCalledTimes(1);
    tokens.verify('good', 300);
    expect(verify).toHaveBeenCalledTimes(2);
  });

  test('is checked again when the keys have changed', () => {
    const { verify, tokens } = remembering();
    tokens.verify('good', 0);
    verify.mockReturnValue(undefined);
    tokens.clear();
    expect(tokens.verify('good', 1)).toBeUndefined();
  });

  test('nor is one that was signed here, as long as the keys stay', () => {
    const { verify, tokens } = remembering();
    const token = tokens.sign(claims);
    expect(tokens.verify(token, 299)).toBe(claims);
    expect(verify).not.toHaveBeenCalled();
    tokens.clear();
    expect(tokens.verify(token, 299)).toBeUndefined();
  });

  test.each([1024, 1025])('one of %i characters is told from another of that length', (length) => {
    const { verify, tokens } = remembering();
    const [good = '', other = ''] = ['a', 'b'].map((end) => end.padStart(length, '-'));
    verify.mockImplementation((token) => (token === good ? claims : undefined));
    for (const token of [good, good, other]) tokens.verify(token, 0);
    expect(verify.mock.calls.map(([token]) => token)).toEqual([good, other]);
    expect(tokens.verify(other, 0)).toBeUndefined();
  });

  test('the digest of a long one does not stand for it', () => {
    const { verify, tokens } = remembering();
    verify.mockImplementation((token) => (token.length === 2000 ? claims : undefined));
    const long = 'a'.repeat(2000);
    expect(tokens.verify(long, 0)).toBe(claims);
    expect(tokens.verify(hash('sha256', long, 'base64'), 0)).toBeUndefined();
  });

  test('a token that is not valid is checked each time', () => {
    const { verify, tokens } = remembering();
    tokens.verify('bad', 0);
    tokens.verify('bad', 0);
    expect(verify).toHaveBeenCalledTimes(2);
  });
});
