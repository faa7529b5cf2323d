import type { LoginChallengePorts } from './login-challenge.ts';
import { hashNewPassword } from './new-password.ts';
import { openSession, prepareSession, type SessionClient } from './open-session.ts';
import type { Overloaded } from './ports/overload.ts';
import type { PasswordHasher, PasswordPolicy } from './ports/passwords.ts';
import type { UserStore } from './ports/users.ts';
import type { IssuedTokens } from './tokens.ts';

export interface PasswordChallengePorts extends Pick<LoginChallengePorts, 'challenges' | 'sessions'> {
  readonly users: UserStore;
  readonly passwords: PasswordHasher;
  readonly passwordPolicy: PasswordPolicy;
}

export type PasswordChallengeOutcome =
  | { readonly kind: 'loggedIn'; readonly tokens: IssuedTokens }
  | { readonly kind: 'invalidChallenge' }
  | { readonly kind: 'passwordRefused'; readonly reason: string }
  | { readonly kind: 'abandoned' }
  | Overloaded;

/** The end of a login for whom an administrator requires another password: it is set, and the session opened. */
export async function completePasswordChange(
  {
    token,
    newPassword,
    signal,
    ...client
  }: { readonly token: string; readonly newPassword: string; readonly signal: AbortSignal } & SessionClient,
  ports: PasswordChallengePorts & LoginChallengePorts,
): Promise<PasswordChallengeOutcome> {
  const tokenHash = ports.refreshTokens.hash(token);
  const challenge = await ports.challenges.attemptPassword(tokenHash);
  if (challenge === undefined) return { kind: 'invalidChallenge' };
  const { userId, words, passwordHash: unlike, hasSecondFactor } = challenge;
  client.event?.about({ actorId: userId, subjectId: userId });
  const session = prepareSession(userId, ports);
  const hashed = await hashNewPassword(newPassword, { words, unlike, signal }, ports);
  if (hashed.kind !== 'hashed') return hashed;
  if (!(await ports.challenges.close(tokenHash))) return { kind: 'invalidChallenge' };
  const { credentialVersion: from } = challenge;
  const change = { userId, credentialVersion: from, passwordHash: hashed.hash, keptSessionId: undefined };
  // Something else came first: the account was disabled, or another change was required.
  const credentialVersion = await ports.users.changePassword(change);
  if (credentialVersion === undefined) return { kind: 'invalidChallenge' };
  const owner = { ...challenge, credentialVersion };
  const tokens = await openSession(session, owner, { client, hasSecondFactor }, ports);
  return tokens === undefined ? { kind: 'invalidChallenge' } : { kind: 'loggedIn', tokens };
}
