import type { PendingAuditEvent } from './audit.ts';

/** Lookups since the process began. */
export interface CacheLookups {
  readonly hit: number;
  readonly miss: number;
  /** Not looked up, since the pod may have missed invalidations. */
  readonly bypass: number;
  readonly error: number;
}

export interface CacheStatus {
  readonly type: string;
  readonly tier: 'local' | 'shared';
  /** As this pod knows it; 0 before it has heard of any. */
  readonly version: number;
  readonly ttlSeconds: number;
  /** Undefined for the shared tier, which Redis bounds by memory, all types together. */
  readonly entries: { readonly count: number; readonly most: number } | undefined;
  readonly lookups: CacheLookups;
}

/** The caches, for administrators. */
export interface CacheAdministration {
  /** Whether this pod hears of all changes, and so reads and fills its caches. */
  isTrusted(): boolean;
  caches(): readonly CacheStatus[];
  /** Makes every pod load all of a type anew. False where there is no such type. */
  clear(type: string, act: PendingAuditEvent): Promise<boolean>;
}
