import { expect, test } from '@jest/globals';
import { BoundedCache } from './bounded-cache.ts';

function counting(capacity: number) {
  let [loads, nowMs] = [0, 0];
  const cache = new BoundedCache<number>({ capacity, lifetimeMs: 1000, nowMs: () => nowMs });
  const get = (key: string) => cache.getOrLoad(key, async () => ++loads);
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { cache, get, pass };
}

test('an answer is kept for its time, and shared by who asks at once', async () => {
  const { get, pass } = counting(10);
  expect(await Promise.all([get('a'), get('a')])).toEqual([1, 1]);
  pass(999);
  expect(await get('a')).toBe(1);
  pass(1);
  expect(await get('a')).toBe(2);
});

test('the oldest makes room', async () => {
  const { get } = counting(2);
  for (const key of ['a', 'b', 'c']) await get(key);
  expect([await get('b'), await get('c'), await get('a')]).toEqual([2, 3, 4]);
});

test('a failure is not kept', async () => {
  const { cache, get } = counting(2);
  await expect(cache.getOrLoad('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await get('a')).toBe(1);
});
