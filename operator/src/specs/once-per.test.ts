import { expect, test } from '@jest/globals';
import { oncePer } from './once-per.ts';

test('what follows from an object is computed once, and anew for an equal one', () => {
  let computed = 0;
  const double = oncePer(({ value }: { value: number }) => {
    computed += 1;
    return 2 * value;
  });
  const three = { value: 3 };
  expect([double(three), double(three), double({ value: 3 }), computed]).toEqual([6, 6, 6, 2]);
});
