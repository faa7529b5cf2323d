import type { LiveSessions } from '../domain/ports/sessions.ts';
import type { LocalCache } from './local-cache.ts';
import type { SharedCache, SharedCacheCodec } from './shared-cache.ts';

/** When a live session expires, in milliseconds since 1970; a refresh may have moved it on since. */
export interface SessionState {
  readonly expiresAtMs: number;
}

/** Expired is not live, but also not what can be remembered: a refresh makes it live again for whoever comes later. */
export const sessionStateCodec: SharedCacheCodec<SessionState> = {
  encode: ({ expiresAtMs }) => String(expiresAtMs),
  decode: (text) => (/^\d{1,16}$/.test(text) ? { expiresAtMs: Number(text) } : undefined),
};

export interface CachedLiveSessionsOptions {
  readonly local: LocalCache<SessionState>;
  readonly shared: SharedCache<SessionState>;
  /** Undefined for a session that has ended or expired. Asks the primary. */
  readonly findLive: (sessionId: string) => Promise<SessionState | undefined>;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** Which sessions live: by this pod's memory at once, else by Redis, else by the primary. */
export class CachedLiveSessions implements LiveSessions {
  readonly #options: CachedLiveSessionsOptions;

  constructor(options: CachedLiveSessionsOptions) {
    this.#options = options;
  }

  isLive(sessionId: string): boolean | Promise<boolean> {
    const cached = this.#options.local.get(sessionId);
    if (cached === undefined) return this.#load(sessionId);
    if (cached.value === undefined) return false;
    return this.#isUnexpired(cached.value) || this.#ask(sessionId);
  }

  async #load(sessionId: string): Promise<boolean> {
    const { local, shared, findLive } = this.#options;
    const state = await local.load(sessionId, () => shared.read(sessionId, () => findLive(sessionId)));
    if (state === undefined) return false;
    return this.#isUnexpired(state) || this.#ask(sessionId);
  }

  /** What was remembered has expired; the session may have been refreshed since. */
  async #ask(sessionId: string): Promise<boolean> {
    return (await this.#options.findLive(sessionId)) !== undefined;
  }

  #isUnexpired({ expiresAtMs }: SessionState): boolean {
    return this.#options.nowMs() < expiresAtMs;
  }
}
