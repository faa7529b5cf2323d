import { expect, test } from '@jest/globals';
import { loginFingerprint } from './login-fingerprint.ts';

test('the fingerprint of a login is what the operator computes for it', () => {
  // operator/src/credentials/servers.test.ts holds the same.
  expect(loginFingerprint(Buffer.alloc(32, 7), 'auth_app', 'word')).toBe('_DYre3ccvYa2YE3nJP98G6');
});

test('the fingerprint of a login differs with its user, its password and the key', () => {
  const key = Buffer.alloc(32, 7);
  const others = [
    loginFingerprint(key, 'auth_app', 'word'),
    loginFingerprint(key, 'auth_app_b', 'word'),
    loginFingerprint(key, 'auth_app', 'words'),
    loginFingerprint(Buffer.alloc(32, 8), 'auth_app', 'word'),
  ];
  expect(new Set(others).size).toBe(others.length);
});
