import { BoundedLru } from './bounded-lru.ts';

/** A place in the order of the invalidations that a cache was told of. */
export type Moment = number;

/**
 * Which ids were invalidated of late, so that what was known before can be told from what still holds. Of constant size:
 * what it has forgotten counts as changed.
 */
export class RecentChanges {
  readonly #changed: BoundedLru<Moment>;
  #last: Moment = 0;
  /** Of nothing is known whether it changed before. */
  #knownFrom: Moment = 0;

  constructor(remembered = 1_000) {
    this.#changed = new BoundedLru(remembered);
  }

  now(): Moment {
    return this.#last;
  }

  note(id: string): void {
    this.#last += 1;
    const forgotten = this.#changed.set(id, this.#last, Number.POSITIVE_INFINITY);
    this.#knownFrom = Math.max(this.#knownFrom, forgotten ?? 0);
  }

  noteAll(): void {
    this.#last += 1;
    this.#knownFrom = this.#last;
    this.#changed.clear();
  }

  /** False also where it cannot be known. */
  isUnchangedSince(id: string, moment: Moment): boolean {
    return moment >= this.#knownFrom && moment >= (this.#changed.get(id, 0) ?? 0);
  }
}
