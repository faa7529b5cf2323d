import { expect, test } from '@jest/globals';
import { orderedHash, stableHash } from './hash.ts';

test('the order of keys makes no difference, that of items does', () => {
  expect(stableHash({ a: 1, b: { c: [1, 2], d: null } })).toBe(stableHash({ b: { d: null, c: [1, 2] }, a: 1 }));
  expect(stableHash([1, 2])).not.toBe(stableHash([2, 1]));
});

test('what JSON leaves out counts for nothing', () => {
  expect(stableHash({ a: 1, b: undefined })).toBe(stableHash({ a: 1 }));
  expect(stableHash([undefined])).toBe(stableHash([null]));
  expect(stableHash(undefined)).toBe(stableHash(null));
});

test('it is the hash of the JSON, so that names made of it stay as they are from release to release', () => {
  const value = { b: ['x"y', true, 1.5], a: { 'é\n': {} } };
  // printf '{"a":{"é\\n":{}},"b":["x\\"y",true,1.5]}' | sha256sum
  expect(stableHash(value)).toBe('d2c5b85845d9def19c4f33ca65e58d404f74dd5a11a1a556658c6a8f9d9de0a6');
  expect(orderedHash({ a: value.a, b: value.b })).toBe(stableHash(value));
});
