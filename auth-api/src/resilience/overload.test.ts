import { expect, jest, test } from '@jest/globals';
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

test('an event loop that comes late is overload when it does so twice in a row, not once', () => {
  jest.useFakeTimers();
  let medianMs = 0;
  const delay = { enable: () => true, disable: () => true, reset: () => {}, percentile: () => medianMs * 1e6 };
  const options = { waiting: () => 0, maxWaiting: 50, isHashingFull: () => false, maxEventLoopDelayMs: 250 };
  const shedding = new LoginShedding(options, delay);
  const seen = [251, 20, 251, 251, 251, 250].map((each) => {
    medianMs = each;
    jest.advanceTimersByTime(500);
    return shedding.isOverloaded();
  });
  expect(seen).toEqual([false, false, false, true, true, false]);
  shedding.close();
  jest.useRealTimers();
});
