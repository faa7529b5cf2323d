/** What is cached in the memory of each pod, and for how long. Sizes in entries. */
export const localCacheDefaults = {
  user_basic: { ttlSeconds: 60, maxEntries: 10_000 },
  session: { ttlSeconds: 300, maxEntries: 50_000 },
} as const;

/** What is cached in Redis for all pods, and for how long. */
export const sharedCacheDefaults = {
  user_permissions: { ttlSeconds: 3600 },
  user_profile: { ttlSeconds: 1800 },
  session_data: { ttlSeconds: 1800 },
  role_definitions: { ttlSeconds: 86_400 },
} as const;

/** The longest that can be asked for, in either tier. */
export const longestTtlSeconds = 604_800;

/** That something does not exist is remembered this long, in either tier. */
export const negativeTtlSeconds = 5;

export type LocalCacheType = keyof typeof localCacheDefaults;
export type SharedCacheType = keyof typeof sharedCacheDefaults;
export type CacheType = LocalCacheType | SharedCacheType;

export const cacheTypes = [
  ...(Object.keys(localCacheDefaults) as LocalCacheType[]),
  ...(Object.keys(sharedCacheDefaults) as SharedCacheType[]),
] as const;

/** A version for each type; a whole type is invalidated by raising its version. Kept in PostgreSQL. */
export type CacheVersions = Readonly<Record<CacheType, number>>;

/** Takes up to a tenth off a lifetime, so that what was stored together does not expire together. */
export function jitteredTtlMs(ttlSeconds: number, random: () => number): number {
  return Math.round(ttlSeconds * 1000 * (1 - random() / 10));
}
