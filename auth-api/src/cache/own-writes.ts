import type { SessionWrites } from '../domain/ports/sessions.ts';
import type { CacheType } from './cache-types.ts';
import type { Freshness } from './freshness.ts';
import type { PrimaryPoint } from './invalidation-source.ts';
import { beyondReplicas, type Lsn, laterLsn } from './lsn.ts';

/** For each session, where the primary's log was after its last write. For all pods; see redis-session-positions.ts. */
export interface SessionPositions {
  /** That the session has written nothing, unless more is known. */
  open(sessionId: string): Promise<void>;
  /** Undefined where it is not known, which does not mean that nothing was written. */
  find(sessionId: string): Promise<Lsn | undefined>;
  /** Keeps the later of what is known and `lsn`. */
  raise(sessionId: string, lsn: Lsn): Promise<void>;
  forget(sessionId: string): Promise<void>;
}

export interface OwnWritesOptions {
  readonly positions: SessionPositions;
  readonly freshness: Freshness;
  readonly commitPoint: () => Promise<PrimaryPoint>;
  readonly onError: (error: unknown) => void;
}

/** One entry, and the two ways to read it. */
export interface CachedRead<T> {
  readonly type: CacheType;
  readonly id: string;
  readonly cached: () => Promise<T>;
  /** From a replica that has replayed what it is given, else from the primary; nothing is remembered. */
  readonly direct: (minimumLsn: Lsn) => Promise<T>;
}

/**
 * Lets a session see what it has written, on whichever pod: where that is more than the pod has heard of, caches are
 * passed by, and a replica answers only if it has replayed it. Where it is not known the primary answers.
 */
export class OwnWrites implements SessionWrites {
  readonly #options: OwnWritesOptions;

  constructor(options: OwnWritesOptions) {
    this.#options = options;
  }

  opened(sessionId: string): void {
    const { positions, onError } = this.#options;
    positions.open(sessionId).catch(onError);
  }

  async wrote(sessionId: string): Promise<void> {
    const { positions, commitPoint, onError } = this.#options;
    try {
      const { lsn } = await commitPoint();
      await positions.raise(sessionId, lsn);
    } catch (error) {
      onError(error);
      await positions.forget(sessionId).catch(onError);
    }
  }

  /** @param sessionId whose writes the answer must show; undefined: nobody's */
  async read<T>(sessionId: string | undefined, { type, id, cached, direct }: CachedRead<T>): Promise<T> {
    const { freshness } = this.#options;
    // Without trust the primary answers all the same.
    if (sessionId === undefined || !freshness.isTrusted()) return cached();
    const { heardLsn } = freshness;
    const reading = cached();
    reading.catch(() => {});
    const position = await this.#position(sessionId);
    // The same position may have been read before a change became visible, and after it.
    return position < heardLsn ? reading : direct(laterLsn(position, freshness.refillLsn(type, id)));
  }

  async #position(sessionId: string): Promise<Lsn> {
    const { positions, onError } = this.#options;
    try {
      const position = await positions.find(sessionId);
      if (position !== undefined) return position;
      void this.wrote(sessionId);
    } catch (error) {
      onError(error);
    }
    return beyondReplicas;
  }
}

/** Where there is no Redis: nothing is cached, and the primary answers. */
export const primaryShowsThem: Pick<OwnWrites, 'opened' | 'wrote' | 'read'> = {
  opened: () => {},
  wrote: async () => {},
  read: (_, { cached }) => cached(),
};
