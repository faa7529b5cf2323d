import { expect, test } from '@jest/globals';
import { uuidPattern, uuidV7 } from './uuid.ts';

test('the example of RFC 9562 appendix A.6', () => {
  expect(uuidV7(0x017f22e279b0, '919108f7-52d1-4cc3-98c4-dc0c0c07398f')).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
});

test.each([0, 1.5, 2 ** 47])('has its form at %d', (nowMs) => {
  expect(uuidV7(nowMs)).toMatch(uuidPattern);
});

test('later ids sort later', () => {
  expect(uuidV7(2) > uuidV7(1)).toBe(true);
});
