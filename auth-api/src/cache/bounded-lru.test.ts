import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BoundedLru } from './bounded-lru.ts';

test('forgets what was used least recently, and what has expired', () => {
  const lru = new BoundedLru<string>(2);
  lru.set('a', 'A', 100);
  lru.set('b', 'B', 200);
  expect(lru.get('a', 0)).toBe('A');
  expect(lru.set('c', 'C', 200)).toBe('B');
  expect([lru.get('a', 99), lru.get('b', 99), lru.get('c', 99)]).toEqual(['A', undefined, 'C']);
  expect([lru.get('a', 100), lru.get('c', 199)]).toEqual([undefined, 'C']);
  expect(lru.size).toBe(1);
});

test('never grows beyond its bound and never answers what was not set last', () => {
  const step = fc.record({
    op: fc.constantFrom('get', 'set', 'delete'),
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (steps, maxEntries) => {
      const lru = new BoundedLru<number>(maxEntries);
      const last = new Map<string, number>();
      steps.forEach(({ op, key }, index) => {
        if (op === 'set') {
          lru.set(key, index, Number.POSITIVE_INFINITY);
          last.set(key, index);
        } else if (op === 'delete') {
          lru.delete(key);
          last.delete(key);
        } else {
          expect([undefined, last.get(key)]).toContain(lru.get(key, 0));
        }
        expect(lru.size).toBeLessThanOrEqual(maxEntries);
        if (op === 'set') expect(lru.get(key, 0)).toBe(index);
      });
    }),
  );
});

test('refuses to hold nothing', () => {
  expect(() => new BoundedLru(0)).toThrow(RangeError);
});
