import { createHmac, timingSafeEqual } from 'node:crypto';

/** What the operator shows for an order, derived from the key that it made and these pods have mounted. */
export function operationsToken(derivationKey: Buffer): string {
  return createHmac('sha256', derivationKey).update('operations').digest('base64url');
}

/** Whether an Authorization header carries it. */
export function isOperationsToken(authorization: string | undefined, derivationKey: Buffer): boolean {
  const expected = Buffer.from(`Bearer ${operationsToken(derivationKey)}`);
  const given = Buffer.from(authorization ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
