import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { jitteredTtlMs, negativeTtlSeconds, type SharedCacheType } from './cache-types.ts';
import { type Flight, Flights } from './flights.ts';
import type { Freshness } from './freshness.ts';
import type { CacheLoader, CacheResult } from './local-cache.ts';
import { type Lsn, laterLsn } from './lsn.ts';
import { RecentChanges } from './recent-changes.ts';

/** By its token a reservation is told from a lease for which others wait. */
export const reservationPrefix = 'reserved:';
export type ReservationToken = `${typeof reservationPrefix}${string}`;

/** An entry of the shared tier: `{type}:v{version}:{id}`. */
export interface SharedEntry {
  readonly type: SharedCacheType;
  readonly version: number;
  readonly id: string;
}

export type SharedLookup =
  | { readonly kind: 'hit'; readonly text: string }
  /** The caller loads, and may store with its token; a replica must have replayed `fenceLsn`. */
  | { readonly kind: 'leased'; readonly fenceLsn: Lsn }
  /** Another pod loads. */
  | { readonly kind: 'loading' };

/**
 * The shared tier as one store for all pods; see redis-shared-store.ts. A lease is the right to store: an invalidation
 * takes it away, so that nothing read before can be stored after. That a lease or a fence is gone proves nothing, since
 * Redis evicts what it likes: without a lease nothing is stored.
 */
export interface SharedStore {
  lookUp(entry: SharedEntry, token: string, leaseMs: number): Promise<SharedLookup>;
  /** A lease that keeps nobody waiting: whoever looks up takes it over. False where there is a value, or a lease. */
  reserve(entry: SharedEntry, token: ReservationToken, leaseMs: number): Promise<boolean>;
  /** False when the lease was lost. */
  store(entry: SharedEntry, token: string, text: string, ttlMs: number): Promise<boolean>;
  invalidate(entry: SharedEntry, lsn: Lsn): Promise<void>;
}

/** The right to store what is about to be written to the primary, or read from it. */
export interface Reservation<T> {
  /** To be called before the statement is sent. Stores what came of it; undefined where the right is not there by then. */
  beforeStatement(): ((value: T) => void) | undefined;
}

export interface SharedCacheCodec<T> {
  encode(value: T): string;
  /** Undefined for what an earlier or later release wrote in another shape: it is loaded anew. */
  decode(text: string): T | undefined;
}

export interface SharedCacheOptions<T> {
  readonly type: SharedCacheType;
  readonly ttlSeconds: number;
  readonly store: SharedStore;
  readonly codec: SharedCacheCodec<T>;
  readonly freshness: Freshness;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onLookup?: (type: SharedCacheType, result: CacheResult) => void;
  readonly onStoreError?: (error: unknown) => void;
  /** How long a loader keeps the others waiting at most. Default 2000. */
  readonly leaseMs?: number;
  /** How long to wait for another pod's load before loading too. Default 200. */
  readonly maxWaitMs?: number;
}

const absent = 'absent';
const pollMs = 20;
/**
 * From the beginning of a login to its answer, with a queue for the hash in between. It ends before invalidations are
 * delivered a second time, which is past a failover of Redis that has lost one and kept what it should have taken away.
 */
const reservationMs = 10_000;
const unreserved = { beforeStatement: () => undefined };

/** The cache in Redis that all pods share, for one type. Where Redis fails, the loader answers. */
export class SharedCache<T> {
  readonly type: SharedCacheType;
  readonly #options: SharedCacheOptions<T>;
  readonly #flights = new Flights<T | undefined>();
  readonly #changes = new RecentChanges();

  constructor(options: SharedCacheOptions<T>) {
    this.type = options.type;
    this.#options = options;
  }

  /** What is cached, or else loaded and stored. @throws what the loader throws */
  read(id: string, load: CacheLoader<T>): Promise<T | undefined> {
    return this.#flights.run(id, (flight) => this.#readThrough(id, load, flight));
  }

  /**
   * Asks for the right to store what will be known soon, so that it need not be looked up. Nobody waits for it, here or
   * elsewhere: whoever looks the entry up meanwhile takes the right over, and loads.
   */
  reserve(id: string): Reservation<T> {
    const { freshness, store, onStoreError } = this.#options;
    if (!freshness.isTrusted()) return unreserved;
    const entry = this.#entry(id);
    const token: ReservationToken = `${reservationPrefix}${randomUUID()}`;
    const since = this.#changes.now();
    let isHeld = false;
    const hold = (isReserved: boolean) => {
      isHeld = isReserved;
    };
    store
      .reserve(entry, token, reservationMs)
      .then(hold)
      .catch((error) => onStoreError?.(error));
    const keep = (value: T) => {
      // The store would refuse what it was told to forget; what this pod was told of may not have reached it.
      if (freshness.isTrusted() && this.#changes.isUnchangedSince(id, since)) this.#store(entry, token, value);
    };
    // One that comes later may come after an end of what is about to be written.
    return { beforeStatement: () => (isHeld ? keep : undefined) };
  }

  /** What is under way in this pod; the entry in the store is the delivery's to remove. */
  invalidate(id: string): void {
    this.#flights.outdate(id);
    this.#changes.note(id);
  }

  clear(): void {
    this.#flights.outdateAll();
    this.#changes.noteAll();
  }

  #entry(id: string): SharedEntry {
    return { type: this.type, version: this.#options.freshness.version(this.type), id };
  }

  async #readThrough(id: string, load: CacheLoader<T>, flight: Flight): Promise<T | undefined> {
    const { freshness, onLookup } = this.#options;
    if (!freshness.isTrusted()) {
      onLookup?.(this.type, 'bypass');
      return load(freshness.refillLsn(this.type, id));
    }
    const entry = this.#entry(id);
    const token = randomUUID();
    const lookup = await this.#lookUp(entry, token);
    const cached = lookup?.kind === 'hit' ? this.#decode(lookup.text) : undefined;
    // Another release's shape: whoever asks next takes the lease.
    if (lookup?.kind === 'hit' && cached === undefined) await this.#discard(entry);
    onLookup?.(this.type, cached !== undefined ? 'hit' : lookup === undefined ? 'error' : 'miss');
    // It may be what has been invalidated while Redis took its time, or while this pod stopped hearing of it.
    if (cached !== undefined && !flight.isOutdated && freshness.isTrusted()) return cached.value;
    const fenceLsn = lookup?.kind === 'leased' ? lookup.fenceLsn : 0n;
    const value = await load(laterLsn(fenceLsn, freshness.refillLsn(this.type, id)));
    if (lookup?.kind === 'leased' && !flight.isOutdated) this.#store(entry, token, value);
    return value;
  }

  /** Undefined when the store fails. Waits a little while another pod loads. */
  async #lookUp(entry: SharedEntry, token: string): Promise<SharedLookup | undefined> {
    const { store, leaseMs = 2000, maxWaitMs = 200, onStoreError } = this.#options;
    try {
      let lookup = await store.lookUp(entry, token, leaseMs);
      for (let waitedMs = 0; lookup.kind === 'loading' && waitedMs < maxWaitMs; waitedMs += pollMs) {
        await delay(pollMs);
        lookup = await store.lookUp(entry, token, leaseMs);
      }
      return lookup;
    } catch (error) {
      onStoreError?.(error);
      return undefined;
    }
  }

  /** Nobody waits for it: the answer is known. */
  #store(entry: SharedEntry, token: string, value: T | undefined): void {
    const { store, codec, ttlSeconds, random, onStoreError } = this.#options;
    const lifetimeSeconds = value === undefined ? negativeTtlSeconds : ttlSeconds;
    const text = value === undefined ? absent : codec.encode(value);
    store.store(entry, token, text, jitteredTtlMs(lifetimeSeconds, random)).catch((error) => onStoreError?.(error));
  }

  async #discard(entry: SharedEntry): Promise<void> {
    const { store, onStoreError } = this.#options;
    await store.invalidate(entry, 0n).catch((error) => onStoreError?.(error));
  }

  #decode(text: string): { value: T | undefined } | undefined {
    if (text === absent) return { value: undefined };
    const value = this.#options.codec.decode(text);
    return value === undefined ? undefined : { value };
  }
}
