import { expect, test } from '@jest/globals';
import { forgettingCookie, keepingCookie, refreshCookieName, refreshTokenIn } from './refresh-cookie.ts';

test('a cookie has all that a browser needs to keep it from scripts, other hosts and other sites', () => {
  const cookie = '__Host-authcluster-refresh=abc_-1; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Strict';
  expect(keepingCookie('abc_-1', 60)).toBe(cookie);
});

test('it is forgotten under the same name and path', () => {
  expect(forgettingCookie).toBe('__Host-authcluster-refresh=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict');
});

test.each([
  ['alone', `${refreshCookieName}=abc`, 'abc'],
  ['among others', `a=b; ${refreshCookieName}=abc; c=d`, 'abc'],
  ['under a name without the prefix', 'authcluster-refresh=abc', undefined],
  ['under a name in other letters', `${refreshCookieName.toLowerCase()}=abc`, undefined],
  ['twice: the first', `${refreshCookieName}=abc; ${refreshCookieName}=def`, 'abc'],
  ['empty', `${refreshCookieName}=`, undefined],
  ['longer than a token is', `${refreshCookieName}=${'a'.repeat(513)}`, undefined],
  ['nowhere', undefined, undefined],
])('a token is read: %s', (_, header, token) => {
  expect(refreshTokenIn(header)).toBe(token);
});
