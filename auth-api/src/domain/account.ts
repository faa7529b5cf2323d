import { hashNewPassword } from './new-password.ts';
import type { Overloaded } from './ports/overload.ts';
import type { PasswordHasher, PasswordPolicy } from './ports/passwords.ts';
import type { SessionStore } from './ports/sessions.ts';
import type { UserStore } from './ports/users.ts';

export interface AccountPorts {
  readonly users: UserStore;
  readonly sessions: SessionStore;
  readonly passwords: PasswordHasher;
  readonly passwordPolicy: PasswordPolicy;
}

type NotDone = { readonly kind: 'wrongPassword' } | { readonly kind: 'abandoned' } | Overloaded;

export type PasswordChangeOutcome =
  | { readonly kind: 'changed' }
  | { readonly kind: 'passwordRefused'; readonly reason: string }
  | NotDone;

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
  const verified = await ports.passwords.verify(currentPassword, account?.passwordHash, { signal, upgrade: false });
  if (verified.kind === 'overloaded' || verified.kind === 'abandoned') return verified;
  if (account === undefined || verified.kind === 'mismatched') return { kind: 'wrongPassword' };
  const words = [account.username, account.email, account.displayName].filter((word) => word !== null);
  const unlike = account.isPasswordChangeRequired ? account.passwordHash : undefined;
  const hashed = await hashNewPassword(newPassword, { words, unlike, signal }, ports);
  if (hashed.kind !== 'hashed') return hashed;
  const { credentialVersion } = account;
  const replaced = { userId, credentialVersion, passwordHash: hashed.hash, keptSessionId: sessionId };
  // Another change came first, or was asked for: what was verified is no longer what there is.
  return (await ports.users.changePassword(replaced)) === undefined ? { kind: 'wrongPassword' } : { kind: 'changed' };
}

export type DeletionOutcome = { readonly kind: 'deleted' } | NotDone;

/** Deletes the account for whoever knows its password: an open session alone may be somebody else's find. */
export async function deleteAccount(
  deletion: { readonly userId: string; readonly password: string; readonly signal: AbortSignal },
  ports: AccountPorts,
): Promise<DeletionOutcome> {
  const { userId, password, signal } = deletion;
  const account = await ports.users.findCredentials(userId);
  const verified = await ports.passwords.verify(password, account?.passwordHash, { signal, upgrade: false });
  if (verified.kind === 'overloaded' || verified.kind === 'abandoned') return verified;
  if (account === undefined || verified.kind === 'mismatched') return { kind: 'wrongPassword' };
  await ports.users.delete(userId);
  return { kind: 'deleted' };
}
