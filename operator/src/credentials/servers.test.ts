import { expect, test } from '@jest/globals';
import { loginFingerprint, podLogins } from './servers.ts';

test('the fingerprint of a login is what the auth API computes for it', () => {
  const derivationKey = Buffer.alloc(32, 7).toString('base64');
  // auth-api/src/security/login-fingerprint.test.ts holds the same.
  expect(loginFingerprint(derivationKey, 'auth_app', 'word')).toBe('_DYre3ccvYa2YE3nJP98G6');
});

test('pods tell their logins among their metrics', () => {
  const text = `# TYPE auth_login_info gauge
auth_login_info{dependency="postgres",fingerprint="dN_-9"} 1
auth_login_info{dependency="redis",fingerprint="b"} 1
auth_duration_seconds_count{operation="verify"} 1
`;
  expect(Object.fromEntries(podLogins(text))).toEqual({ postgres: 'dN_-9', redis: 'b' });
  expect(podLogins('nothing').size).toBe(0);
});
