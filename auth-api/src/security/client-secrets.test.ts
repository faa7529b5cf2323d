import { expect, test } from '@jest/globals';
import { RandomClientSecrets } from './client-secrets.ts';

const secrets = new RandomClientSecrets(() => Buffer.alloc(32, 1));

test('secrets have 256 bits, are made anew each time, and are the same for the same seed under the same key', () => {
  const minted = secrets.mint(undefined);
  expect(Buffer.from(minted, 'base64url')).toHaveLength(32);
  expect(secrets.mint(undefined)).not.toBe(minted);
  expect(secrets.mint('a')).toBe(secrets.mint('a'));
  expect(secrets.mint('a')).not.toBe(secrets.mint('b'));
  expect(new RandomClientSecrets(() => Buffer.alloc(32, 2)).mint('a')).not.toBe(secrets.mint('a'));
});

test('a secret is found among two, and in none', () => {
  const hashes = ['old', 'new'].map((secret) => secrets.hash(secret));
  expect(['old', 'new', 'other', ''].map((secret) => secrets.isAmong(secret, hashes))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(secrets.isAmong('old', [])).toBe(false);
});
