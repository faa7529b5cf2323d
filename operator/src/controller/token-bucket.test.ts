import { expect, test } from '@jest/globals';
import { FakeClock } from '../testing/fake-clock.ts';
import { TokenBucket } from './token-bucket.ts';

function bucketOf(ratePerSecond: number, burst: number) {
  const clock = new FakeClock();
  return { clock, bucket: new TokenBucket({ ratePerSecond, burst, now: () => clock.now() }) };
}

test('a burst is for free, and what follows waits for its turn', () => {
  const { bucket } = bucketOf(10, 3);
  expect([1, 2, 3, 4, 5].map(() => bucket.reserve())).toEqual([0, 0, 0, 100, 200]);
});

test('it fills again with time, and never beyond its burst', () => {
  const { clock, bucket } = bucketOf(10, 2);
  for (let taken = 0; taken < 3; taken += 1) bucket.reserve();
  clock.advance(200);
  expect(bucket.reserve()).toBe(0);
  clock.advance(3_600_000);
  expect([1, 2, 3].map(() => bucket.reserve())).toEqual([0, 0, 100]);
});
