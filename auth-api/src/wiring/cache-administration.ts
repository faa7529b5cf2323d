import { cacheTypes } from '../cache/cache-types.ts';
import type { ServeConfig } from '../config.ts';
import type { CacheAdministration, CacheStatus } from '../domain/cache-administration.ts';
import type { Metrics } from '../observability/metrics.ts';
import { clearType } from '../storage/postgres/cache-versions.ts';
import type { Caches } from './caches.ts';
import type { Databases } from './databases.ts';

/** What administrators see of the caches and do to them. */
export function cacheAdministration(
  { cache }: ServeConfig,
  { databases, caches, metrics }: { databases: Databases; caches: Caches; metrics: Metrics },
): CacheAdministration {
  const { freshness, announce } = caches;
  const sizes = new Map([caches.session, caches.userBasic].map((local) => [local.type, local]));
  const status = (type: (typeof cacheTypes)[number]): CacheStatus => {
    const common = { type, version: freshness.version(type), lookups: metrics.lookups(type) };
    if (type !== 'session' && type !== 'user_basic') {
      return { ...common, tier: 'shared', ttlSeconds: cache.shared[type].ttlSeconds, entries: undefined };
    }
    const { ttlSeconds, maxEntries } = cache.local[type];
    return { ...common, tier: 'local', ttlSeconds, entries: { count: sizes.get(type)?.size ?? 0, most: maxEntries } };
  };
  return {
    isTrusted: () => freshness.isTrusted(),
    caches: () => cacheTypes.map(status),
    clear: async (name, act) => {
      const type = cacheTypes.find((known) => known === name);
      if (type === undefined) return false;
      await clearType(databases.primary, announce, type, act);
      return true;
    },
  };
}
