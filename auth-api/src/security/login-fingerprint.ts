import { createHmac } from 'node:crypto';

const length = 22;

/**
 * Tells the logins that a pod uses apart, and says nothing about them to those who lack the key. The operator, which
 * made both, computes the same and knows by it which pods have read a login that was rotated.
 */
export function loginFingerprint(derivationKey: Buffer, user: string, password: string): string {
  return createHmac('sha256', derivationKey).update(`login\n${user}\n${password}`).digest('base64url').slice(0, length);
}
