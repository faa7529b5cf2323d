import type { LoginChallengePorts } from './login-challenge.ts';
import { openSession, type SessionClient } from './open-session.ts';
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
  const { userId, passwordHash: from, hasSecondFactor } = challenge;
  client.event?.about({ actorId: userId, subjectId: userId });
  const decision = ports.passwordPolicy.decide(newPassword, challenge.words);
  if (decision.kind === 'refused') return { kind: 'passwordRefused', reason: decision.reason };
  const verified = await ports.passwords.verify(newPassword, from, { signal, upgrade: false });
  if (verified.kind === 'overloaded' || verified.kind === 'abandoned') return verified;
  if (verified.kind === 'matched') return { kind: 'passwordRefused', reason: 'must be another one than before' };
  const hashed = await ports.passwords.hash(newPassword, { signal });
  if (hashed.kind === 'tooLong') {
    return { kind: 'passwordRefused', reason: `must have at most ${hashed.maxBytes} bytes of UTF-8` };
  }
  if (hashed.kind !== 'hashed') return hashed;
  if (!(await ports.challenges.close(tokenHash))) return { kind: 'invalidChallenge' };
  const change = { userId, from, to: hashed.hash, keptSessionId: undefined };
  const credentialVersion = await ports.users.changePassword(change);
  if (credentialVersion === undefined) return { kind: 'invalidChallenge' };
  const owner = { ...challenge, credentialVersion };
  const tokens = await openSession(owner, client, { hasSecondFactor, hashUpgrade: undefined }, ports);
  return tokens === undefined ? { kind: 'invalidChallenge' } : { kind: 'loggedIn', tokens };
}
