import { describe, expect, test } from '@jest/globals';
import { type Bar, barLine, isMet, median, quantile } from './bars.ts';

const bar = (value: number, direction: Bar['direction'], limit = 1.35): Bar => {
  return { name: 'some-bar', value, limit, direction, details: {} };
};

describe('a bar', () => {
  test.each([
    [1.35, 'at-most', true],
    [1.351, 'at-most', false],
    [1.35, 'at-least', true],
    [1.349, 'at-least', false],
    [Number.NaN, 'at-most', false],
    [Number.NaN, 'at-least', false],
  ] as const)('%p %s 1.35: %p', (value, direction, met) => {
    expect(isMet(bar(value, direction))).toBe(met);
  });

  test('has one line: name, value, bar, and whether it was met', () => {
    expect(barLine(bar(1.2345678, 'at-most'))).toBe('some-bar 1.235 <=1.35 ok');
    expect(barLine(bar(0.5, 'at-least', 0.9))).toBe('some-bar 0.5 >=0.9 missed');
  });
});

describe('quantiles', () => {
  test('are values that were measured, in no matter what order', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([quantile(values, 0), median(values), quantile(values, 0.99), quantile(values, 1)]).toEqual([
      1, 51, 100, 100,
    ]);
  });

  test('of nothing are no number, so that no bar is met by them', () => {
    expect(isMet(bar(median([]), 'at-most'))).toBe(false);
  });
});
