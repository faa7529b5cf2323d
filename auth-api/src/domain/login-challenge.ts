import { openSession, prepareSession, type SessionClient, type SessionOwner } from './open-session.ts';
import type { SessionStore } from './ports/sessions.ts';
import type { RefreshTokens } from './ports/tokens.ts';
import { checkCode, type Enrollment, type Factor, type SecondFactorPorts, startEnrollment } from './second-factor.ts';
import type { IssuedTokens, TokenPorts } from './tokens.ts';

export const challengeLifetimeSeconds = 300;
const challengeAttempts = 5;
/** More than codes have: rules for passwords may be misread, and there is nothing to guess. */
const passwordAttempts = 20;

export interface NewChallenge {
  readonly tokenHash: Buffer;
  readonly userId: string;
  readonly credentialVersion: number;
  readonly lifetimeSeconds: number;
  readonly attempts: number;
  readonly awaits: 'code' | 'password';
  readonly hasSecondFactor: boolean;
  /** Replaces the stored hash if that is still the one verified. */
  readonly hashUpgrade: { readonly from: string; readonly to: string } | undefined;
}

/** A login whose password was right and that waits for a code. */
export interface LoginChallenge extends SessionOwner {
  readonly username: string;
  readonly factor: Factor | undefined;
  readonly isPasswordChangeRequired: boolean;
}

/** A login that has shown all that is asked for, and waits for another password. */
export interface PasswordChallenge extends SessionOwner {
  readonly passwordHash: string;
  /** What the new password must not be too near to. */
  readonly words: readonly string[];
  readonly hasSecondFactor: boolean;
}

export interface LoginChallengeStore {
  open(challenge: NewChallenge): Promise<void>;
  /**
   * Uses one attempt up; undefined where none is left, or time is up, or there is no such challenge, or the password has
   * changed since.
   */
  attempt(tokenHash: Buffer): Promise<LoginChallenge | undefined>;
  /** The same for a challenge that awaits a password; undefined also where a second factor has come to be asked for. */
  attemptPassword(tokenHash: Buffer): Promise<PasswordChallenge | undefined>;
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
  /** The code was right; see completePasswordChange. */
  | {
      readonly kind: 'passwordChangeNeeded';
      readonly token: string;
      readonly recoveryCodes: readonly string[] | undefined;
    }
  | { readonly kind: 'invalidChallenge' }
  | { readonly kind: 'notEnrolled' }
  | { readonly kind: 'wrongCode' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number };

type ChallengeOwner = Pick<SessionOwner, 'userId' | 'credentialVersion'>;
type AskingPorts = Pick<LoginChallengePorts, 'challenges' | 'refreshTokens'>;

/** @returns the token for completeLogin */
export function askForCode(
  owner: ChallengeOwner,
  hashUpgrade: NewChallenge['hashUpgrade'],
  ports: AskingPorts,
): Promise<string> {
  return ask(owner, { awaits: 'code', attempts: challengeAttempts, hasSecondFactor: false, hashUpgrade }, ports);
}

/** @returns the token for completePasswordChange */
export function askForPassword(
  owner: ChallengeOwner,
  { hasSecondFactor }: { readonly hasSecondFactor: boolean },
  ports: AskingPorts,
): Promise<string> {
  const challenge = {
    awaits: 'password',
    attempts: passwordAttempts,
    hasSecondFactor,
    hashUpgrade: undefined,
  } as const;
  return ask(owner, challenge, ports);
}

async function ask(
  { userId, credentialVersion }: ChallengeOwner,
  challenge: Pick<NewChallenge, 'awaits' | 'attempts' | 'hasSecondFactor' | 'hashUpgrade'>,
  { challenges, refreshTokens }: AskingPorts,
): Promise<string> {
  const token = refreshTokens.mint();
  const tokenHash = refreshTokens.hash(token);
  const lifetimeSeconds = challengeLifetimeSeconds;
  await challenges.open({ ...challenge, tokenHash, userId, credentialVersion, lifetimeSeconds });
  return token;
}

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
  const session = prepareSession(userId, ports);
  const checked = await checkCode({ userId, factor, code }, ports);
  if (checked.kind === 'limited') return checked;
  if (checked.kind === 'wrong') return { kind: 'wrongCode' };
  if (!(await ports.challenges.close(tokenHash))) return { kind: 'invalidChallenge' };
  const { recoveryCodes } = checked;
  if (challenge.isPasswordChangeRequired) {
    const token = await askForPassword(challenge, { hasSecondFactor: true }, ports);
    return { kind: 'passwordChangeNeeded', token, recoveryCodes };
  }
  const tokens = await openSession(session, challenge, { client, hasSecondFactor: true }, ports);
  return tokens === undefined ? { kind: 'invalidChallenge' } : { kind: 'loggedIn', tokens, recoveryCodes };
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
