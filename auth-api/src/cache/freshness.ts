import { BoundedLru } from './bounded-lru.ts';
import type { CacheType, CacheVersions } from './cache-types.ts';
import type { CommittedEvent } from './invalidation-events.ts';
import { beyondReplicas, type Lsn, laterLsn } from './lsn.ts';

export interface FreshnessOptions {
  /** A replica that lacks what the primary had this long ago is not asked. Default 5000. */
  readonly replicaLagLimitMs?: number;
  readonly rememberedInvalidations?: number;
}

/**
 * What this pod knows of invalidations: whether it hears all of them, the version of each type, and how far a replica
 * must have replayed before it may refill an entry. Without trust neither tier is read or filled: the versions may be
 * old, and what was not heard of may be in either.
 */
export class Freshness {
  readonly #nowMs: () => number;
  readonly #replicaLagLimitMs: number;
  /** Where the primary was, oldest first: the first of them is the last that is older than the limit. */
  readonly #positions: { readonly lsn: Lsn; readonly atMs: number }[] = [];
  readonly #recent: BoundedLru<Lsn>;
  readonly #versions = new Map<CacheType, number>();
  readonly #typeLsns = new Map<CacheType, Lsn>();
  /** Stands for all that the bounded memory of recent invalidations has forgotten. */
  #floorLsn: Lsn = 0n;
  /** Every change that was committed before is heard of. */
  #heardLsn: Lsn = 0n;
  #trustedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(
    nowMs: () => number,
    { replicaLagLimitMs = 5_000, rememberedInvalidations = 10_000 }: FreshnessOptions = {},
  ) {
    this.#nowMs = nowMs;
    this.#replicaLagLimitMs = replicaLagLimitMs;
    this.#recent = new BoundedLru(rememberedInvalidations);
  }

  /** @param nowMs where the caller has just read the same clock */
  isTrusted(nowMs = this.#nowMs()): boolean {
    return nowMs < this.#trustedUntilMs;
  }

  trustUntil(ms: number): void {
    this.#trustedUntilMs = ms;
  }

  distrust(): void {
    this.#trustedUntilMs = Number.NEGATIVE_INFINITY;
  }

  version(type: CacheType): number {
    return this.#versions.get(type) ?? 0;
  }

  /** Those that are higher than what this pod knew. */
  newVersions(versions: CacheVersions): Partial<CacheVersions> {
    return Object.fromEntries(
      Object.entries(versions).filter(([type, version]) => version > this.version(type as CacheType)),
    );
  }

  /** Versions only rise: one that is lower comes late. */
  raiseVersions(versions: Partial<CacheVersions>): void {
    for (const [type, version] of Object.entries(versions) as [CacheType, number][]) {
      this.#versions.set(type, Math.max(version, this.version(type)));
    }
  }

  /**
   * What a replica must have replayed for its answer to count as read after the last known invalidation, and not to be
   * older than the limit. Not known without trust.
   */
  refillLsn(type: CacheType, id: string): Lsn {
    if (!this.isTrusted()) return beyondReplicas;
    const lsn = laterLsn(this.#invalidationLsn(type, id), this.#floorLsn);
    return laterLsn(lsn, this.#oldestAllowedLsn());
  }

  /** Where the primary's log is at this moment. */
  notePosition(lsn: Lsn): void {
    this.#positions.push({ lsn: laterLsn(lsn, this.#positions.at(-1)?.lsn ?? 0n), atMs: this.#nowMs() });
    this.#oldestAllowedLsn();
  }

  #invalidationLsn(type: CacheType, id: string): Lsn {
    const ofEntry = this.#recent.get(recentKey(type, id), 0) ?? 0n;
    return laterLsn(ofEntry, this.#typeLsns.get(type) ?? 0n);
  }

  #oldestAllowedLsn(): Lsn {
    const limitMs = this.#nowMs() - this.#replicaLagLimitMs;
    const isPast = (position?: { readonly atMs: number }) => position !== undefined && position.atMs <= limitMs;
    while (isPast(this.#positions[1])) this.#positions.shift();
    const [oldest] = this.#positions;
    return oldest !== undefined && isPast(oldest) ? oldest.lsn : 0n;
  }

  /** All that was committed before has been delivered, and heard of by this pod. */
  hear(lsn: Lsn): void {
    this.#heardLsn = laterLsn(this.#heardLsn, lsn);
  }

  /** What a change is below that this pod has surely heard of. Nothing is without trust. */
  get heardLsn(): Lsn {
    return this.isTrusted() ? this.#heardLsn : 0n;
  }

  raiseFloor(lsn: Lsn): void {
    this.#floorLsn = laterLsn(this.#floorLsn, lsn);
  }

  /** False where all of it was known. */
  note(event: CommittedEvent): boolean {
    let isNews = false;
    for (const target of event.targets) {
      if ('version' in target) {
        isNews ||= target.version > this.version(target.type);
        this.raiseVersions({ [target.type]: target.version });
        this.#typeLsns.set(target.type, laterLsn(event.lsn, this.#typeLsns.get(target.type) ?? 0n));
        continue;
      }
      const key = recentKey(target.type, target.id);
      const knownLsn = this.#recent.get(key, 0) ?? 0n;
      const lsn = laterLsn(event.lsn, knownLsn);
      isNews ||= event.lsn > knownLsn;
      this.raiseFloor(this.#recent.set(key, lsn, Number.POSITIVE_INFINITY) ?? 0n);
    }
    return isNews;
  }
}

function recentKey(type: CacheType, id: string): string {
  return `${type}:${id}`;
}
