import { expect, test } from '@jest/globals';
import { chooseWorkerCount } from './worker-count.ts';

test.each([
  [10, 4000, 64, { workers: 4, limitedBy: 'cpu-limit' }],
  [10, 1500, 64, { workers: 1, limitedBy: 'cpu-limit' }],
  [10, 250, 64, { workers: 1, limitedBy: 'cpu-limit' }],
  [10, undefined, 2, { workers: 2, limitedBy: 'available-parallelism' }],
  [10, 16000, 12, { workers: 10, limitedBy: 'request' }],
  [1, 250, 8, { workers: 1, limitedBy: 'request' }],
] as const)('%i workers asked for, %s millicores, %i CPUs', (requested, millicores, parallelism, choice) => {
  expect(chooseWorkerCount(requested, millicores, parallelism)).toEqual(choice);
});
