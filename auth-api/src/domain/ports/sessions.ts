import type { PendingAuditEvent } from '../audit.ts';
import type { Page } from './page.ts';

/** Told of what sessions write, so that they see it in what they read next, on whichever pod. */
export interface SessionWrites {
  opened(sessionId: string): void;
  /** To be awaited before the write is answered. Never rejects. */
  wrote(sessionId: string): Promise<void>;
}

export interface NewSession {
  readonly credentialVersion: number;
  readonly refreshTokenHash: Buffer;
  readonly lifetimeSeconds: number;
  readonly clientAddress: string | undefined;
  readonly userAgent: string | undefined;
  readonly hasSecondFactor: boolean;
  /** Replaces the stored hash if that is still the one verified. */
  readonly hashUpgrade?: { readonly from: string; readonly to: string };
  /** Written with the session. */
  readonly event?: PendingAuditEvent;
}

/** A session that is opened if its login succeeds; until then nobody knows of it. */
export interface PreparedSession {
  readonly id: string;
  /**
   * In one round trip: the session, its refresh token, the time of login, and the upgraded hash. The oldest sessions
   * beyond what a user may have end by it.
   */
  open(session: NewSession): Promise<{ kind: 'opened' } | { kind: 'credentialsChanged' }>;
}

export interface EndedSession {
  readonly sessionId: string;
  readonly userId: string;
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

export interface SessionSummary {
  readonly id: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
  readonly clientAddress: string | null;
  readonly userAgent: string | null;
}

/** Every method but `prepare` asks the primary. */
export interface SessionStore {
  /** Begins what makes a session known to all pods once it is opened. Waits for nothing, and fails nothing. */
  prepare(sessionId: string, userId: string): PreparedSession;
  /** Exchanges a refresh token not used before, of a live session; anything else changes nothing. */
  exchangeRefreshToken(exchange: {
    readonly presentedHash: Buffer;
    readonly successorHash: Buffer;
    readonly lifetimeSeconds: number;
  }): Promise<RefreshedSession | undefined>;
  /**
   * Notes that its holder has shown now who they are, and tells the roles that they have now. Undefined where it would not
   * be refreshed either: it has ended, its user is disabled, or a role of theirs requires a second factor that it lacks.
   */
  authenticateAgain(sessionId: string, hasSecondFactor: boolean): Promise<readonly string[] | undefined>;
  findRefreshToken(tokenHash: Buffer): Promise<RefreshTokenState | undefined>;
  /** They tell whether a session ended by it. */
  end(sessionId: string, reason: SessionEnd): Promise<boolean>;
  endOfUser(sessionId: string, userId: string, reason: SessionEnd): Promise<boolean>;
  /** The session that ended by it. */
  endByRefreshToken(tokenHash: Buffer, reason: SessionEnd): Promise<EndedSession | undefined>;
  /** How many ended by it. */
  endAllOfUser(userId: string, reason: SessionEnd, act?: PendingAuditEvent): Promise<number>;
  /** Live sessions, the youngest first. */
  list(userId: string, page: Page): Promise<SessionSummary[]>;
}

export interface LiveSessions {
  /** At once where it is remembered. Also for what the tokens of a service live by. */
  isLive(sessionId: string): boolean | Promise<boolean>;
}
