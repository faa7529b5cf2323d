import { expect, test } from '@jest/globals';
import { LoginShedding } from './overload.ts';

test.each([
  { waiting: 50, isHashingFull: false, isOverloaded: false },
  { waiting: 51, isHashingFull: false, isOverloaded: true },
  { waiting: 0, isHashingFull: true, isOverloaded: true },
])('with $waiting requests that wait for the primary and a full hashing queue $isHashingFull: $isOverloaded', (now) => {
  const shedding = new LoginShedding({
    waiting: () => now.waiting,
    maxWaiting: 50,
    isHashingFull: () => now.isHashingFull,
    maxEventLoopDelayMs: 250,
  });
  expect(shedding.isOverloaded()).toBe(now.isOverloaded);
  shedding.close();
});
