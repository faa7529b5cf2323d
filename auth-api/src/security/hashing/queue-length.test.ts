import { expect, test } from '@jest/globals';
import { defaultQueueLength } from './queue-length.ts';

test.each([
  ['one thread has room for a peak', 1, 11, 10],
  ['so have two', 2, 11, 10],
  ['many have twice their number', 8, 11, 16],
  ['a dearer hash leaves fewer within a second', 1, 12, 5],
  ['twice their number wait however long it takes', 2, 14, 4],
  ['cheap hashes need no more', 1, 10, 10],
])('%s', (_, workers, cost, length) => {
  expect(defaultQueueLength(workers, cost)).toBe(length);
});
