import { describe, expect, test } from '@jest/globals';
import { matchingStep, type TotpHash, totpCode, totpStep } from './totp.ts';

/** RFC 6238 appendix B; the secrets are those of erratum 2866, as long as the hash. */
const secretOf = (hash: TotpHash) => {
  const bytes = { sha1: 20, sha256: 32, sha512: 64 }[hash];
  return Buffer.from('1234567890'.repeat(7).slice(0, bytes));
};

describe('the vectors of RFC 6238', () => {
  test.each([
    [59, '94287082', '46119246', '90693936'],
    [1_111_111_109, '07081804', '68084774', '25091201'],
    [1_111_111_111, '14050471', '67062674', '99943326'],
    [1_234_567_890, '89005924', '91819424', '93441116'],
    [2_000_000_000, '69279037', '90698825', '38618901'],
    [20_000_000_000, '65353130', '77737706', '47863826'],
  ])('at %d', (seconds, sha1, sha256, sha512) => {
    const code = (hash: TotpHash) => totpCode(secretOf(hash), totpStep(seconds * 1000), 8, hash);
    expect([code('sha1'), code('sha256'), code('sha512')]).toEqual([sha1, sha256, sha512]);
  });
});

describe('a code', () => {
  const secret = secretOf('sha1');
  const nowMs = 1_700_000_015_000;
  const now = totpStep(nowMs);
  const match = (step: number, lastUsedStep = 0) => matchingStep(secret, totpCode(secret, step), nowMs, lastUsedStep);

  test('is good one step early and one late, and not beyond', () => {
    expect([now - 2, now - 1, now, now + 1, now + 2].map((step) => match(step))).toEqual([
      undefined,
      now - 1,
      now,
      now + 1,
      undefined,
    ]);
  });

  test('is good once, and none before it any more', () => {
    expect([match(now, now), match(now - 1, now), match(now + 1, now)]).toEqual([undefined, undefined, now + 1]);
  });

  test.each(['', '12345', '1234567', '１２３４５６', 'abcdef'])('"%s" is none', (code) => {
    expect(matchingStep(secret, code, nowMs, 0)).toBeUndefined();
  });
});
