import { expect, jest, test } from '@jest/globals';
import { LoginShedding } from './overload.ts';

test.each([
  { waiting: 50, isHashingFull: false, cause: undefined },
  { waiting: 51, isHashingFull: false, cause: 'connections_short' },
  { waiting: 0, isHashingFull: true, cause: 'overloaded' },
  { waiting: 51, isHashingFull: true, cause: 'overloaded' },
])('with $waiting requests that wait for the primary and a full hashing queue $isHashingFull: $cause', (now) => {
  const shedding = new LoginShedding({
    waiting: () => now.waiting,
    maxWaiting: 50,
    isHashingFull: () => now.isHashingFull,
    maxEventLoopDelayMs: 250,
  });
  expect(shedding.cause()).toBe(now.cause);
  expect(shedding.isOverloaded()).toBe(now.cause !== undefined);
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
    return shedding.cause();
  });
  const late = 'event_loop_late';
  expect(seen).toEqual([undefined, undefined, undefined, late, late, undefined]);
  shedding.close();
  jest.useRealTimers();
});
