import { BoundedLru } from './bounded-lru.ts';
import { jitteredTtlMs, type LocalCacheType, negativeTtlSeconds } from './cache-types.ts';
import { Flights } from './flights.ts';
import type { Freshness } from './freshness.ts';
import type { Lsn } from './lsn.ts';
import { type Moment, RecentChanges } from './recent-changes.ts';

export type CacheResult = 'hit' | 'miss' | 'bypass' | 'error';

/** Reads what is not cached; undefined when it does not exist. A replica must have replayed `minimumLsn`. */
export type CacheLoader<T> = (minimumLsn: Lsn) => Promise<T | undefined>;

export interface LocalCacheOptions {
  readonly type: LocalCacheType;
  readonly ttlSeconds: number;
  readonly maxEntries: number;
  readonly freshness: Freshness;
  readonly nowMs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onLookup?: (type: LocalCacheType, result: CacheResult) => void;
}

/** A remembered answer; `value` undefined: it is known not to exist. */
export interface CachedValue<T> {
  readonly value: T | undefined;
}

/** The cache in a pod's own memory, for one type. Not read and not filled while the pod may have missed invalidations. */
export class LocalCache<T> {
  readonly type: LocalCacheType;
  readonly #options: LocalCacheOptions;
  readonly #entries: BoundedLru<CachedValue<T>>;
  readonly #flights = new Flights<T | undefined>();
  readonly #changes = new RecentChanges();

  /** @throws RangeError for a size under 1 */
  constructor(options: LocalCacheOptions) {
    this.type = options.type;
    this.#options = options;
    this.#entries = new BoundedLru(options.maxEntries);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What is remembered of an id, at once; undefined when nothing is. */
  get(id: string): CachedValue<T> | undefined {
    const { freshness, nowMs, onLookup } = this.#options;
    const now = nowMs();
    if (!freshness.isTrusted(now)) {
      onLookup?.(this.type, 'bypass');
      return undefined;
    }
    const cached = this.#entries.get(id, now);
    onLookup?.(this.type, cached === undefined ? 'miss' : 'hit');
    return cached;
  }

  /** What is remembered, or else loaded and remembered. @throws what the loader throws */
  async read(id: string, load: CacheLoader<T>): Promise<T | undefined> {
    const cached = this.get(id);
    return cached === undefined ? this.load(id, load) : cached.value;
  }

  /** Loads and remembers; for a caller who has looked already. @throws what the loader throws */
  load(id: string, load: CacheLoader<T>): Promise<T | undefined> {
    return this.#flights.run(id, async (flight) => {
      const value = await load(this.#options.freshness.refillLsn(this.type, id));
      if (!flight.isOutdated) this.#store(id, value);
      return value;
    });
  }

  /** To be taken before a value is written, or read from the primary, that is to be remembered. */
  moment(): Moment {
    return this.#changes.now();
  }

  /** Remembers what was written or read after a moment, unless it has been invalidated since. */
  remember(id: string, value: T, since: Moment): void {
    if (this.#changes.isUnchangedSince(id, since)) this.#store(id, value);
  }

  invalidate(id: string): void {
    this.#flights.outdate(id);
    this.#changes.note(id);
    this.#entries.delete(id);
  }

  clear(): void {
    this.#flights.outdateAll();
    this.#changes.noteAll();
    this.#entries.clear();
  }

  #store(id: string, value: T | undefined): void {
    const { freshness, nowMs, random, ttlSeconds } = this.#options;
    if (!freshness.isTrusted()) return;
    const lifetimeSeconds = value === undefined ? negativeTtlSeconds : ttlSeconds;
    this.#entries.set(id, { value }, nowMs() + jitteredTtlMs(lifetimeSeconds, random));
  }
}
