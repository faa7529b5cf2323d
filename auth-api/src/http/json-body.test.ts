import { expect, test } from '@jest/globals';
import { parseJsonBody } from './json-body.ts';

test.each([
  ['an object', '{"a":{"b":[1,{"c":"d: \\"e\\":"}]}}'],
  ['the same name in two objects', '[{"a":1},{"a":2}]'],
  ['a name with escapes', '{"\\"a\\\\":1 , "b" : "x:"}'],
  ['a name that objects have themselves', '{"__proto__":{"a":1}}'],
  ['a string', '"a:b"'],
])('%s is read', (_, text) => {
  expect(parseJsonBody(Buffer.from(text))).toEqual({ kind: 'parsed', value: JSON.parse(text) });
});

test.each([
  ['what is no JSON', Buffer.from('{"a":'), 'syntax'],
  ['a name twice', Buffer.from('{"a":1,"a":2}'), 'repeatedName'],
  ['a name twice, once escaped', Buffer.from('{"a":1,"\\u0061":2}'), 'repeatedName'],
  ['a name twice, deep inside', Buffer.from('[[{"x":{"a":{},"a":{}}}]]'), 'repeatedName'],
  ['broken UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22]), 'encoding'],
  ['UTF-16', Buffer.from('{"a":1}', 'utf16le'), 'syntax'],
  ['a byte order mark', Buffer.from('\uFEFF{}'), 'syntax'],
])('%s is malformed', (_, bytes, reason) => {
  expect(parseJsonBody(bytes)).toEqual({ kind: 'malformed', reason });
});

test('arrays in arrays exhaust nothing', () => {
  expect(parseJsonBody(Buffer.from(`${'['.repeat(8000)}${']'.repeat(8000)}`)).kind).toBe('parsed');
});
