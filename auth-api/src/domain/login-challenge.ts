import { openSession, type SessionClient, type SessionOwner } from './open-session.ts';
import type { SessionStore } from './ports/sessions.ts';
import type { RefreshTokens } from './ports/tokens.ts';
import { checkCode, type Enrollment, type Factor, type SecondFactorPorts, startEnrollment } from './second-factor.ts';
import type { IssuedTokens, TokenPorts } from './tokens.ts';

export const challengeLifetimeSeconds = 300;
export const challengeAttempts = 5;

export interface NewChallenge {
  readonly tokenHash: Buffer;
  readonly userId: string;
  readonly credentialVersion: number;
  readonly lifetimeSeconds: number;
  readonly attempts: number;
  /** Replaces the stored hash if that is still the one verified. */
  readonly hashUpgrade: { readonly from: string; readonly to: string } | undefined;
}

/** A login whose password was right and that waits for a code. */
export interface LoginChallenge extends SessionOwner {
  readonly username: string;
  readonly factor: Factor | undefined;
}

export interface LoginChallengeStore {
  open(challenge: NewChallenge): Promise<void>;
  /** Uses one attempt up; undefined where none is left, or time is up, or there is no such challenge. */
  attempt(tokenHash: Buffer): Promise<LoginChallenge | undefined>;
  /** False where somebody else was first. */
  close(tokenHash: Buffer): Promise<boolean>;
}

export interface LoginChallengePorts extends TokenPorts, SecondFactorPorts {
  readonly challenges: LoginChallengeStore;
  readonly sessions: SessionStore;
  readonly refreshTokens: RefreshTokens;
}

export type ChallengeOutcome =
  | { readonly kind: 'loggedIn'; readonly tokens: IssuedTokens; readonly recoveryCodes: readonly string[] | undefined }
  | { readonly kind: 'invalidChallenge' }
  | { readonly kind: 'notEnrolled' }
  | { readonly kind: 'wrongCode' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number };

/** The second half of a login: a code, for the token that the first half was answered with. */
export async function completeLogin(
  { token, code, ...client }: { readonly token: string; readonly code: string } & SessionClient,
  ports: LoginChallengePorts,
): Promise<ChallengeOutcome> {
  const tokenHash = ports.refreshTokens.hash(token);
  const challenge = await ports.challenges.attempt(tokenHash);
  if (challenge === undefined) return { kind: 'invalidChallenge' };
  const { userId, factor } = challenge;
  client.event?.about({ subjectId: userId });
  if (factor === undefined) return { kind: 'notEnrolled' };
  const checked = await checkCode({ userId, factor, code }, ports);
  if (checked.kind === 'limited') return checked;
  if (checked.kind === 'wrong') return { kind: 'wrongCode' };
  if (!(await ports.challenges.close(tokenHash))) return { kind: 'invalidChallenge' };
  const tokens = await openSession(challenge, client, { hasSecondFactor: true, hashUpgrade: undefined }, ports);
  return tokens === undefined
    ? { kind: 'invalidChallenge' }
    : { kind: 'loggedIn', tokens, recoveryCodes: checked.recoveryCodes };
}

/** For who must have a second factor and has none: there is no session before there is one. */
export async function enrollDuringLogin(
  { token, service }: { readonly token: string; readonly service: string },
  ports: LoginChallengePorts,
): Promise<Enrollment | 'invalidChallenge' | 'alreadyEnrolled'> {
  const challenge = await ports.challenges.attempt(ports.refreshTokens.hash(token));
  if (challenge === undefined) return 'invalidChallenge';
  const { userId, username } = challenge;
  return (await startEnrollment({ userId, username, service }, ports)) ?? 'alreadyEnrolled';
}
