/**
 * What the domain needs of the world. Outcomes that are to be expected are values; a dependency that cannot be asked
 * rejects with DependencyUnavailableError.
 */

/** A dependency did not answer, or not in time: answer 503 with Retry-After. Nothing is known of what was asked. */
export class DependencyUnavailableError extends Error {
  override name = 'DependencyUnavailableError';
  readonly dependency: string;
  readonly retryAfterSeconds: number;

  constructor(dependency: string, retryAfterSeconds: number, options?: ErrorOptions) {
    super(`${dependency} is not available`, options);
    this.dependency = dependency;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Time on the calendar, in milliseconds since 1970. */
export interface Clock {
  nowMs(): number;
}

/** The queue is full: answer 503 with Retry-After. */
export interface Overloaded {
  readonly kind: 'overloaded';
  readonly retryAfterSeconds: number;
}

/** The caller left while the job was still queued; nothing was computed. */
export interface Abandoned {
  readonly kind: 'abandoned';
}

export type HashOutcome =
  | { readonly kind: 'hashed'; readonly hash: string }
  | { readonly kind: 'tooLong'; readonly maxBytes: number }
  | Overloaded
  | Abandoned;

export type VerifyOutcome =
  | { readonly kind: 'matched'; readonly upgradedHash?: string }
  | { readonly kind: 'mismatched' }
  | Overloaded
  | Abandoned;

export interface PasswordHasher {
  hash(password: string, options?: { readonly signal?: AbortSignal }): Promise<HashOutcome>;
  /**
   * Takes the same time whether or not there is a stored hash (undefined: no such account). `upgrade: false` where a
   * match will be refused all the same. `upgradedHash` is to be stored by compare-and-swap.
   */
  verify(
    password: string,
    storedHash: string | undefined,
    options?: { readonly signal?: AbortSignal; readonly upgrade?: boolean },
  ): Promise<VerifyOutcome>;
}

/** The rules that a new password must meet; `reason` is a sentence for its user. */
export interface PasswordPolicy {
  /** @param userWords what is known of the user: user name, e-mail address, names */
  decide(
    password: string,
    userWords: readonly string[],
  ): { readonly kind: 'accepted' } | { readonly kind: 'refused'; readonly reason: string };
}

export interface UserBasics {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  /** Mail to the address has reached whoever has the account. */
  readonly isEmailVerified: boolean;
  readonly displayName: string | null;
  /** A language tag (BCP 47). */
  readonly locale: string | null;
  /** Counts the changes of the profile; the ETag. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface UserProfile extends UserBasics {
  readonly roles: readonly string[];
}

export interface NewUser {
  readonly id: string;
  readonly username: string;
  /** The form by which user names are compared; see usernameKey. */
  readonly usernameKey: string;
  readonly email: string | null;
  readonly displayName: string | null;
  readonly locale: string | null;
  readonly passwordHash: string;
  /** Queues mail to verify the address; undefined where none is to be sent. */
  readonly verification: Verification | undefined;
}

/** A request for mail that verifies an address, queued together with what made it necessary. */
export interface Verification {
  readonly mailId: string;
  /** Language tags that the browser sent, the best first. */
  readonly languages: readonly string[];
}

/** All that a login must know of an account, in one read. */
export interface LoginAccount {
  readonly userId: string;
  readonly passwordHash: string;
  /** Counts password changes: a login that verified an older password must not open a session. */
  readonly credentialVersion: number;
  readonly isActive: boolean;
  /** Logins ask for a code: there is a confirmed second factor, or a role requires one. */
  readonly secondFactor: 'none' | 'enrolled' | 'missing';
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly profile: UserBasics;
}

/** Undefined: leave it as it is. */
export interface ProfileChange {
  readonly email?: string | null;
  readonly displayName?: string | null;
  readonly locale?: string | null;
}

export interface Grants {
  readonly roles: readonly string[];
  /** By role and direct. */
  readonly permissions: readonly string[];
}

export interface Credentials {
  readonly username: string;
  readonly passwordHash: string;
  readonly email: string | null;
  readonly displayName: string | null;
}

/** A keyset page: what comes after this id in the list's order. */
export interface Page {
  readonly after: string | undefined;
  readonly limit: number;
}

export interface UserStore {
  create(user: NewUser): Promise<{ kind: 'created'; profile: UserProfile } | { kind: 'usernameTaken' }>;
  /** Reads the primary: a password changed a moment ago counts. */
  findForLogin(usernameKey: string): Promise<LoginAccount | undefined>;
  findCredentials(userId: string): Promise<Credentials | undefined>;
  /**
   * Changes nothing where the profile has another version by now. Another address has yet to be verified; the one
   * before, if it was, is told.
   */
  changeProfile(
    userId: string,
    version: number,
    change: ProfileChange,
    verification: Verification | undefined,
  ): Promise<UserProfile | undefined>;
  /** Ends every other session with it. False where the stored hash is no longer `from`. */
  changePassword(change: {
    readonly userId: string;
    readonly from: string;
    readonly to: string;
    readonly keptSessionId: string;
  }): Promise<boolean>;
  /** With all that belongs to the account. */
  delete(userId: string): Promise<boolean>;
}

/**
 * What may come from a cache or a replica, but not from before the last change that this pod knows of, nor from before
 * the last write of the session that asks (undefined: nobody's).
 */
export interface UserViews {
  profile(userId: string, sessionId: string | undefined): Promise<UserProfile | undefined>;
  grants(userId: string, sessionId: string | undefined): Promise<Grants>;
}

/** Told of what sessions write, so that they see it in what they read next, on whichever pod. */
export interface SessionWrites {
  opened(sessionId: string): void;
  /** To be awaited before the write is answered. Never rejects. */
  wrote(sessionId: string): Promise<void>;
}

/** What this pod remembers of profiles. */
export interface ProfileMemory {
  /** To be taken before a profile is read from the primary. */
  moment(): number;
  /** A profile that was read after a moment; forgotten where it has changed since. */
  remember(profile: UserBasics, since: number): void;
}

export interface NewSession {
  readonly id: string;
  readonly userId: string;
  readonly credentialVersion: number;
  readonly refreshTokenHash: Buffer;
  readonly lifetimeSeconds: number;
  readonly clientAddress: string | undefined;
  readonly userAgent: string | undefined;
  readonly hasSecondFactor: boolean;
  /** Replaces the stored hash if that is still the one verified. */
  readonly hashUpgrade?: { readonly from: string; readonly to: string };
}

/** A session whose refresh token was just exchanged. */
export interface RefreshedSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly roles: readonly string[];
  /** When somebody last showed who they are; 0 where that is not known. */
  readonly authenticatedAtSeconds: number;
  readonly hasSecondFactor: boolean;
}

/** What is known of a refresh token that could not be exchanged. */
export interface RefreshTokenState extends RefreshedSession {
  /** The session has neither ended nor expired, and its user may log in. */
  readonly isSessionLive: boolean;
  /** By the clock of the database; null where it has not been exchanged. */
  readonly usedSecondsAgo: number | null;
  readonly successorHash: Buffer | null;
  readonly isSuccessorUsed: boolean;
}

export type SessionEnd =
  | 'logout'
  | 'refresh_token_reuse'
  | 'revoked'
  | 'password_change'
  | 'password_reset'
  | 'account_deleted';

/** Whether there is so much to do that what costs most must wait: answer 503 with Retry-After. */
export interface Overload {
  isOverloaded(): boolean;
}

export interface SessionSummary {
  readonly id: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
  readonly clientAddress: string | null;
  readonly userAgent: string | null;
}

/** Every method asks the primary. */
export interface SessionStore {
  /**
   * In one round trip: the session, its refresh token, the time of login, and the upgraded hash. The oldest sessions
   * beyond what a user may have end by it.
   */
  open(session: NewSession): Promise<{ kind: 'opened' } | { kind: 'credentialsChanged' }>;
  /** Exchanges a refresh token not used before, of a live session; anything else changes nothing. */
  exchangeRefreshToken(exchange: {
    readonly presentedHash: Buffer;
    readonly successorHash: Buffer;
    readonly lifetimeSeconds: number;
  }): Promise<RefreshedSession | undefined>;
  /** Notes that its holder has shown now who they are; false where the session has ended. */
  authenticateAgain(sessionId: string, hasSecondFactor: boolean): Promise<boolean>;
  findRefreshToken(tokenHash: Buffer): Promise<RefreshTokenState | undefined>;
  /** They tell whether a session ended by it. */
  end(sessionId: string, reason: SessionEnd): Promise<boolean>;
  endByRefreshToken(tokenHash: Buffer, reason: SessionEnd): Promise<boolean>;
  endOfUser(sessionId: string, userId: string, reason: SessionEnd): Promise<boolean>;
  /** How many ended by it. */
  endAllOfUser(userId: string, reason: SessionEnd): Promise<number>;
  /** Live sessions, the youngest first. */
  list(userId: string, page: Page): Promise<SessionSummary[]>;
}

export interface LiveSessions {
  /** At once where it is remembered. */
  isLive(sessionId: string): boolean | Promise<boolean>;
}

/** What an access token says. */
export interface AccessClaims {
  readonly userId: string;
  readonly sessionId: string;
  readonly roles: readonly string[];
  /** When somebody last showed who they are; 0 where that is not known. */
  readonly authenticatedAtSeconds: number;
  readonly hasSecondFactor: boolean;
  readonly tokenId: string;
  readonly issuedAtSeconds: number;
  readonly expiresAtSeconds: number;
}

export interface AccessTokens {
  /** Signs with the active key. */
  sign(claims: AccessClaims): string;
  /** Signature, issuer, audience and lifetime; undefined for whatever is not a valid token of ours. */
  verify(token: string, nowSeconds: number): AccessClaims | undefined;
}

export interface RefreshTokens {
  mint(): string;
  hash(token: string): Buffer;
  /** The one token that may follow this one: the same on every pod, and known to none but who has the server's key. */
  successor(token: string): string;
}

export type LimitDecision =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number };

export interface RateLimiter {
  /** @param rule which limit; @param subject who is limited: an account, a client network */
  take(rule: string, subject: string): Promise<LimitDecision>;
}

/** Counts wrong passwords by the name that was typed, whether or not there is such an account. */
export interface AccountLockout {
  lockout(account: string): Promise<{ readonly kind: 'open' } | { readonly kind: 'lockedOut' }>;
  recordFailure(account: string): Promise<unknown>;
  forgetFailures(account: string): Promise<void>;
}

export interface SpanNotes<T> {
  /** Recorded as a keyed hash. */
  readonly username?: string;
  /** A word of ours for how it ended. */
  readonly outcome?: (result: T) => string;
}

/** Records the parts of a request for its trace; only calls `work` while nobody traces. */
export interface Spans {
  run<T>(name: string, work: () => Promise<T>, notes?: SpanNotes<T>): Promise<T>;
}
