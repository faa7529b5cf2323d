import { describe, expect, test } from '@jest/globals';
import { loadCommonPasswords, PasswordRules } from './password-rules.ts';

const commonPasswords = loadCommonPasswords();
const rules = new PasswordRules({ maxBytes: 72, commonPasswords, serviceWords: ['AuthCluster'] });
const decide = (password: string) => rules.decide(password, ['jane.doe42@example.com', 'janedoe42']);

test('the shipped list holds tens of thousands of passwords', () => {
  expect(commonPasswords.size).toBeGreaterThan(40_000);
  expect(commonPasswords.has('123456789qwerty')).toBe(true);
});

describe('a new password', () => {
  test.each([
    ['letters alone, no rules of composition', 'correct horse battery staple'],
    ['digits in no order', '493016275830174'],
    ['any script, counted in characters', 'Пароль из кириллицы'],
    ['a name beside much more', 'janedoe42 tells nobody'],
  ])('%s: accepted', (_, password) => {
    expect(decide(password)).toEqual({ kind: 'accepted' });
  });

  test.each([
    ['14 characters', 'fourteen chars', { kind: 'tooShort', minCharacters: 15 }],
    ['14 characters of two code units each', '🦊🐻🐼🦁🐯🐨🐮🐷🐸🐵🐔🐧🐦🐤', { kind: 'tooShort', minCharacters: 15 }],
    ['129 characters', 'no '.repeat(43), { kind: 'tooLong', maxCharacters: 128 }],
    ['73 bytes', `${'é'.repeat(36)}e`, { kind: 'tooManyBytes', maxBytes: 72 }],
    ['an entry of the list', '123456789qwerty', { kind: 'common' }],
    ['an entry in capitals', 'PasswordPassword', { kind: 'common' }],
    ['two entries in a row', 'sunshine12345678', { kind: 'common' }],
    ['one character', 'zzzzzzzzzzzzzzzzz', { kind: 'repetitive' }],
    ['a short pattern', 'x7k!x7k!x7k!x7k!', { kind: 'repetitive' }],
    ['a run of digits', '3456789012345678', { kind: 'repetitive' }],
    ['the alphabet there and back', 'abcdefghijkjihgfe', { kind: 'repetitive' }],
    ['the address', 'jane.doe42@example.com', { kind: 'contextual' }],
    ['the user name and a year', 'janedoe42-2026!!', { kind: 'contextual' }],
    ['the service', 'My AuthCluster!', { kind: 'contextual' }],
  ])('%s: refused', (_, password, decision) => {
    expect(decide(password)).toEqual(decision);
  });
});

test.each([[{ minCharacters: 7 }], [{ maxCharacters: 63 }]])('refuses the options %j', (options) => {
  expect(() => new PasswordRules({ maxBytes: 72, commonPasswords, ...options })).toThrow(RangeError);
});
