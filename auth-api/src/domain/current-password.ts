import type { AccountLockout } from './ports/limits.ts';
import type { Overloaded } from './ports/overload.ts';
import type { PasswordHasher } from './ports/passwords.ts';
import type { Credentials } from './ports/users.ts';
import { usernameKey } from './username.ts';

export interface CurrentPasswordPorts {
  readonly passwords: PasswordHasher;
  readonly limits: AccountLockout;
}

export type PasswordNotRight =
  | { readonly kind: 'wrongPassword' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  | { readonly kind: 'abandoned' }
  | Overloaded;

/**
 * Checks the password of somebody who holds a session already. It may be somebody else's find: tries are limited and
 * counted together with the account's logins.
 */
export async function checkCurrentPassword(
  account: Credentials,
  password: string,
  signal: AbortSignal,
  { passwords, limits }: CurrentPasswordPorts,
): Promise<{ readonly kind: 'right' } | PasswordNotRight> {
  const name = usernameKey(account.username);
  const admission = await limits.admit('login_account', name);
  if (admission.kind === 'limited') return admission;
  const verified = await passwords.verify(password, account.passwordHash, { signal, upgrade: false });
  if (verified.kind === 'overloaded' || verified.kind === 'abandoned') return verified;
  if (admission.kind === 'lockedOut') return { kind: 'wrongPassword' };
  if (verified.kind === 'matched') return { kind: 'right' };
  await limits.recordFailure(name);
  return { kind: 'wrongPassword' };
}
