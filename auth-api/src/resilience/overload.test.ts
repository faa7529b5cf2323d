import { expect, test } from '@jest/globals';
import { LoginShedding } from './overload.ts';

test('logins are shed while more requests wait for the primary than may', () => {
  let waiting = 50;
  const shedding = new LoginShedding({ waiting: () => waiting, maxWaiting: 50, maxEventLoopDelayMs: 250 });
  expect(shedding.isOverloaded()).toBe(false);
  waiting = 51;
  expect(shedding.isOverloaded()).toBe(true);
  shedding.close();
});
