import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { computeHash } from './compute.ts';
import type { StoredHash } from './formats/stored-hash.ts';
import { hashPolicy } from './policy.ts';
import { EqualTimeVerification, type VerificationWork } from './verification.ts';

const policy = hashPolicy('bcrypt', 6);
const password = 'correct horse battery';
const md5Hash = createHash('md5').update(password).digest('hex');
const verification = new EqualTimeVerification(policy);
const verify = (typed: string, storedHash: string | undefined, upgrade = true) =>
  verification.verify({ password: typed, storedHash, upgrade });

describe('verification', () => {
  test('matches a current hash and leaves it', () => {
    expect(verify(password, computeHash(password, policy))).toEqual({ kind: 'matched' });
    expect(verify('another', computeHash(password, policy))).toEqual({ kind: 'mismatched' });
  });

  test('an unknown account and an unreadable hash match nothing', () => {
    expect(verify(password, undefined)).toEqual({ kind: 'mismatched' });
    expect(verify(password, 'no hash')).toEqual({ kind: 'mismatched' });
  });

  test.each([
    ['MD5', md5Hash],
    ['a lower cost', computeHash(password, hashPolicy('bcrypt', 5))],
    ['another algorithm', computeHash(password, hashPolicy('argon2id', 11))],
  ])('a match on %s brings a hash of the policy', (_, storedHash) => {
    const outcome = verify(password, storedHash);
    expect(outcome).toEqual({ kind: 'matched', upgradedHash: expect.stringMatching(/^\$2b\$06\$/) });
    const upgraded = outcome.kind === 'matched' ? outcome.upgradedHash : undefined;
    expect(verify(password, upgraded)).toEqual({ kind: 'matched' });
    expect(verify('another', storedHash)).toEqual({ kind: 'mismatched' });
  });

  test('a higher cost than the policy is never lowered', () => {
    expect(verify(password, computeHash(password, hashPolicy('bcrypt', 7)))).toEqual({ kind: 'matched' });
  });

  test('a match that will be refused all the same brings no hash', () => {
    expect(verify(password, md5Hash, false)).toEqual({ kind: 'matched' });
  });

  test('a legacy password too long for the policy matches without an upgrade', () => {
    const long = 'x'.repeat(73);
    expect(verify(long, createHash('md5').update(long).digest('hex'))).toEqual({ kind: 'matched' });
  });
});

const durationsMs: Readonly<Record<StoredHash['family'], number>> = {
  bcrypt: 100,
  md5: 0.001,
  argon2id: 7,
  argon2i: 7,
  argon2d: 7,
  pbkdf2: 60,
  scrypt: 99,
  'firebase-scrypt': 60,
};

/** Work that takes as long as it is said to, on a clock of its own. */
class TimedWork implements VerificationWork {
  #nowMs = 0;

  matches(_password: string, { family }: StoredHash): boolean {
    this.#nowMs += durationsMs[family];
    return false;
  }

  burn(steps: number): void {
    this.#nowMs += steps * 0.05;
  }

  nowMs(): number {
    return this.#nowMs;
  }
}

test.each([
  ['no account', undefined],
  ['a hash of the policy', computeHash(password, policy)],
  ['MD5', md5Hash],
  ['another algorithm', computeHash(password, { algorithm: 'argon2id', memoryKib: 256, passes: 1, parallelism: 1 })],
])('a refusal takes as long as one hash of the policy with %s', (_, storedHash) => {
  const work = new TimedWork();
  const equalTime = new EqualTimeVerification(policy, work);
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const startedMs = work.nowMs();
    expect(equalTime.verify({ password: 'another', storedHash, upgrade: true })).toEqual({ kind: 'mismatched' });
    expect(Math.abs(work.nowMs() - startedMs - 100)).toBeLessThan(2);
  }
});
