import { type CurrentPasswordPorts, checkCurrentPassword, type PasswordNotRight } from './current-password.ts';
import { hashNewPassword } from './new-password.ts';
import type { PasswordPolicy } from './ports/passwords.ts';
import type { SessionStore } from './ports/sessions.ts';
import type { UserStore } from './ports/users.ts';

export interface AccountPorts extends CurrentPasswordPorts {
  readonly users: UserStore;
  readonly sessions: SessionStore;
  readonly passwordPolicy: PasswordPolicy;
}

export type PasswordChangeOutcome =
  | { readonly kind: 'changed' }
  | { readonly kind: 'passwordRefused'; readonly reason: string }
  | PasswordNotRight;

/** Sets another password and ends every other session. */
export async function changePassword(
  change: {
    readonly userId: string;
    readonly sessionId: string;
    readonly currentPassword: string;
    readonly newPassword: string;
    readonly signal: AbortSignal;
  },
  ports: AccountPorts,
): Promise<PasswordChangeOutcome> {
  const { userId, sessionId, currentPassword, newPassword, signal } = change;
  const account = await ports.users.findCredentials(userId);
  // Deleted since the token was checked.
  if (account === undefined) return { kind: 'wrongPassword' };
  const checked = await checkCurrentPassword(account, currentPassword, signal, ports);
  if (checked.kind !== 'right') return checked;
  const words = [account.username, account.email, account.displayName].filter((word) => word !== null);
  const unlike = account.isPasswordChangeRequired ? account.passwordHash : undefined;
  const hashed = await hashNewPassword(newPassword, { words, unlike, signal }, ports);
  if (hashed.kind !== 'hashed') return hashed;
  const { credentialVersion } = account;
  const replaced = { userId, credentialVersion, passwordHash: hashed.hash, keptSessionId: sessionId };
  // Another change came first, or was asked for: what was verified is no longer what there is.
  return (await ports.users.changePassword(replaced)) === undefined ? { kind: 'wrongPassword' } : { kind: 'changed' };
}

export type DeletionOutcome = { readonly kind: 'deleted' | 'neededByService' } | PasswordNotRight;

/** Deletes the account for whoever knows its password: an open session alone may be somebody else's find. */
export async function deleteAccount(
  deletion: { readonly userId: string; readonly password: string; readonly signal: AbortSignal },
  ports: AccountPorts,
): Promise<DeletionOutcome> {
  const { userId, password, signal } = deletion;
  const account = await ports.users.findCredentials(userId);
  if (account === undefined) return { kind: 'wrongPassword' };
  const checked = await checkCurrentPassword(account, password, signal, ports);
  if (checked.kind !== 'right') return checked;
  const taken = await ports.users.delete(userId);
  return { kind: taken === 'neededByService' ? taken : 'deleted' };
}
