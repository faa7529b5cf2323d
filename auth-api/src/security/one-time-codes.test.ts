import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { base32 } from './base32.ts';
import { SealedOneTimeCodes } from './one-time-codes.ts';

const key = randomBytes(32);
const codes = new SealedOneTimeCodes(() => key);
const check = { code: '000000', nowMs: 1_700_000_000_000, lastUsedStep: 0 };

// RFC 4648 section 10, without padding.
test.each([
  ['', ''],
  ['f', 'MY'],
  ['fo', 'MZXQ'],
  ['foo', 'MZXW6'],
  ['foob', 'MZXW6YQ'],
  ['fooba', 'MZXW6YTB'],
  ['foobar', 'MZXW6YTBOI'],
])('base32 of "%s"', (text, expected) => {
  expect(base32(Buffer.from(text))).toBe(expected);
});

test('a secret is sealed: the same one never looks the same, and it has 160 bits', () => {
  const { secret, sealed } = codes.newSecret('ada');
  expect(secret).toMatch(/^[A-Z2-7]{32}$/);
  expect(sealed.includes(Buffer.from(secret))).toBe(false);
  expect(() => codes.matchingStep({ ...check, userId: 'ada', sealed })).not.toThrow();
});

test('a secret of another user, under another key, or changed, opens nothing', () => {
  const { sealed } = codes.newSecret('ada');
  const changed = Buffer.from(sealed);
  changed.writeUInt8(changed.readUInt8(sealed.length - 1) ^ 1, sealed.length - 1);
  const stranger = new SealedOneTimeCodes(() => randomBytes(32));
  expect(() => codes.matchingStep({ ...check, userId: 'bea', sealed })).toThrow();
  expect(() => codes.matchingStep({ ...check, userId: 'ada', sealed: changed })).toThrow();
  expect(() => stranger.matchingStep({ ...check, userId: 'ada', sealed })).toThrow();
});

test('a recovery code is the same however it is typed', () => {
  const code = codes.newRecoveryCode();
  expect(code).toMatch(/^([A-Z2-7]{5}-){5}[A-Z2-7]$/);
  expect(codes.hashRecoveryCode(` ${code.replaceAll('-', ' ').toLowerCase()}`)).toEqual(codes.hashRecoveryCode(code));
});
