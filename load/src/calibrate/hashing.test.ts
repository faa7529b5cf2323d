import { expect, test } from '@jest/globals';
import { measureHashing } from './hashing.ts';

test('one more cost takes about twice as long', async () => {
  const cheap = await measureHashing({ algorithm: 'bcrypt', cost: 5, durationMs: 100 }, 1);
  const dear = await measureHashing({ algorithm: 'bcrypt', cost: 8, durationMs: 100 }, 1);
  expect(cheap.hashes).toBeGreaterThan(5);
  expect(dear.hashMs / cheap.hashMs).toBeGreaterThan(4);
  expect(dear.hashMs / cheap.hashMs).toBeLessThan(16);
});
