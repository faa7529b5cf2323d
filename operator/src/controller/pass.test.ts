import { expect, test } from '@jest/globals';
import { Pass } from './pass.ts';

test('failures of steps that run at the same time are told in the order in which the steps began', async () => {
  const pass = new Pass();
  const slow = Promise.withResolvers<void>();
  const fails = (message: string) => async () => {
    if (message === 'slow') await slow.promise;
    throw new Error(message);
  };
  const first = pass.attempt('first', 'api', fails('slow'));
  await pass.attempt('second', 'api', async () => undefined);
  await pass.attempt('third', 'cache', fails('quick'));
  slow.resolve();
  await first;
  expect(pass.failures.map(({ message }) => message)).toEqual(['first: slow', 'third: quick']);
  expect(() => pass.end()).toThrow(/first: slow.*third: quick/s);
});
