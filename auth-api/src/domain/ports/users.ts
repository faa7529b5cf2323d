import type { PendingAuditEvent } from '../audit.ts';
import type { ExpectedVersion } from './expected-version.ts';

export interface UserBasics {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  /** Mail to the address has reached whoever has the account. */
  readonly isEmailVerified: boolean;
  readonly displayName: string | null;
  /** A language tag (BCP 47). */
  readonly locale: string | null;
  /** Counts the changes of the profile; part of the ETag. */
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
  /** An administrator wants another password before there is a session. */
  readonly isPasswordChangeRequired: boolean;
  readonly roles: readonly string[];
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
  readonly credentialVersion: number;
  readonly isPasswordChangeRequired: boolean;
  readonly email: string | null;
  readonly displayName: string | null;
}

/** How it ends to take something from an account. Nobody could mend anything if nobody could change roles any more. */
export type Taking = 'done' | 'notFound' | 'neededByService';

export interface UserStore {
  create(
    user: NewUser,
    event?: PendingAuditEvent,
  ): Promise<{ kind: 'created'; profile: UserProfile } | { kind: 'usernameTaken' }>;
  /** Reads the primary: a password changed a moment ago counts. */
  findForLogin(usernameKey: string): Promise<LoginAccount | undefined>;
  findCredentials(userId: string): Promise<Credentials | undefined>;
  /**
   * Changes nothing where the profile has no version that is expected. Another address has yet to be verified; the one
   * before, if it was, is told.
   */
  changeProfile(
    userId: string,
    version: ExpectedVersion,
    change: ProfileChange,
    verification: Verification | undefined,
  ): Promise<UserProfile | undefined>;
  /**
   * Ends every other session with it, and does what an administrator may have required. The version of the credentials
   * from then on; undefined where it is no longer the one given, or the account is disabled.
   */
  changePassword(change: {
    readonly userId: string;
    readonly credentialVersion: number;
    readonly passwordHash: string;
    readonly keptSessionId: string | undefined;
  }): Promise<number | undefined>;
  /** With all that belongs to the account. */
  delete(userId: string, event?: PendingAuditEvent): Promise<Taking>;
}

/**
 * What may come from a cache or a replica, but not from before the last change that this pod knows of, nor from before
 * the last write of the session that asks (undefined: nobody's).
 */
export interface UserViews {
  profile(userId: string, sessionId: string | undefined): Promise<UserProfile | undefined>;
  grants(userId: string, sessionId: string | undefined): Promise<Grants>;
}
