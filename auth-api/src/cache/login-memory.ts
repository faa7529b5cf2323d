import type { SessionWrites } from '../domain/ports/sessions.ts';
import type { Grants, UserBasics } from '../domain/ports/users.ts';
import type { SessionState } from './live-sessions.ts';
import type { LocalCache } from './local-cache.ts';
import type { SharedCache } from './shared-cache.ts';

/** What is known of a session and its user once it has been opened. */
export interface OpenedSession {
  readonly state: SessionState;
  readonly profile: UserBasics;
  readonly grants: Grants;
}

/** What is to be remembered of a login that may succeed. */
export interface PreparedMemory {
  /** To be called before the session is written. Remembers what that statement has written, and read beside. */
  beforeStatement(): (opened: OpenedSession) => void;
}

export interface LoginMemoryOptions {
  readonly session: LocalCache<SessionState>;
  readonly userBasic: LocalCache<UserBasics>;
  readonly sessionData: SharedCache<SessionState>;
  readonly userProfile: SharedCache<UserBasics>;
  readonly userPermissions: SharedCache<Grants>;
  /** Told beside what is stored about the session, so that both are one command. */
  readonly ownWrites: Pick<SessionWrites, 'opened'>;
  /** Runs what nobody waits for, once the login is answered. */
  readonly later: (work: () => void) => void;
}

/**
 * Puts what a login has written and read where the next request looks for it: into the memory of its pod, and for the
 * other pods into the shared tier. Whoever logs in is about to ask for it.
 */
export class LoginMemory {
  readonly #options: LoginMemoryOptions;

  constructor(options: LoginMemoryOptions) {
    this.#options = options;
  }

  /** Best called a round trip before the session is written: what is not reserved by then is not stored for others. */
  prepare(sessionId: string, userId: string): PreparedMemory {
    const { session, userBasic, sessionData, userProfile, userPermissions, ownWrites, later } = this.#options;
    const state = sessionData.reserve(sessionId);
    const profile = userProfile.reserve(userId);
    const grants = userPermissions.reserve(userId);
    return {
      beforeStatement: () => {
        const [sessionsBefore, usersBefore] = [session.moment(), userBasic.moment()];
        const storeState = state.beforeStatement();
        const storeProfile = profile.beforeStatement();
        const storeGrants = grants.beforeStatement();
        return (opened) => {
          session.remember(sessionId, opened.state, sessionsBefore);
          userBasic.remember(userId, opened.profile, usersBefore);
          later(() => {
            storeState?.(opened.state);
            ownWrites.opened(sessionId);
            storeProfile?.(opened.profile);
            storeGrants?.(opened.grants);
          });
        };
      },
    };
  }
}
