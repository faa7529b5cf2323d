import {
  type LocalCacheType,
  localCacheDefaults,
  longestTtlSeconds,
  type SharedCacheType,
  sharedCacheDefaults,
} from './cache/cache-types.ts';
import type { Environment } from './environment.ts';
import type { CircuitBreakerOptions } from './resilience/circuit-breaker-options.ts';

export interface CacheConfig {
  readonly local: Readonly<Record<LocalCacheType, { readonly ttlSeconds: number; readonly maxEntries: number }>>;
  readonly shared: Readonly<Record<SharedCacheType, { readonly ttlSeconds: number }>>;
  /** `warm` loads who logged in this lately. */
  readonly warmingActiveWithinSeconds: number;
}

/** CACHE_LOCAL_SESSION_TTL_SECONDS, CACHE_LOCAL_SESSION_MAX_ENTRIES, CACHE_SHARED_SESSION_DATA_TTL_SECONDS, … */
export function cacheConfig(env: Environment): CacheConfig {
  const ttl = (tier: string, type: string, fallback: number) => {
    return env.integer(`CACHE_${tier}_${type.toUpperCase()}_TTL_SECONDS`, { min: 1, max: longestTtlSeconds, fallback });
  };
  const local = (type: LocalCacheType) => ({
    ttlSeconds: ttl('LOCAL', type, localCacheDefaults[type].ttlSeconds),
    maxEntries: env.integer(`CACHE_LOCAL_${type.toUpperCase()}_MAX_ENTRIES`, {
      min: 1,
      max: 10_000_000,
      fallback: localCacheDefaults[type].maxEntries,
    }),
  });
  const shared = (type: SharedCacheType) => ({
    ttlSeconds: ttl('SHARED', type, sharedCacheDefaults[type].ttlSeconds),
  });
  return {
    local: { user_basic: local('user_basic'), session: local('session') },
    shared: {
      user_permissions: shared('user_permissions'),
      user_profile: shared('user_profile'),
      session_data: shared('session_data'),
      role_definitions: shared('role_definitions'),
    },
    warmingActiveWithinSeconds: env.integer('CACHE_WARMING_ACTIVE_WITHIN_SECONDS', {
      min: 1,
      max: 31_536_000,
      fallback: 3600,
    }),
  };
}

export type CircuitBreakerConfig = Required<
  Pick<
    CircuitBreakerOptions,
    'failureRateThreshold' | 'windowSeconds' | 'minimumCalls' | 'halfOpenRequests' | 'recoverySeconds'
  >
>;

export function circuitBreakerConfig(env: Environment): CircuitBreakerConfig {
  const seconds = { min: 1, max: 3600 };
  return {
    failureRateThreshold: env.number('CIRCUIT_BREAKER_FAILURE_RATE_THRESHOLD', { above: 0, max: 1, fallback: 0.5 }),
    windowSeconds: env.integer('CIRCUIT_BREAKER_WINDOW_SECONDS', { ...seconds, fallback: 60 }),
    minimumCalls: env.integer('CIRCUIT_BREAKER_MINIMUM_CALLS', { min: 1, max: 100_000, fallback: 10 }),
    halfOpenRequests: env.integer('CIRCUIT_BREAKER_HALF_OPEN_REQUESTS', { min: 1, max: 1_000, fallback: 3 }),
    recoverySeconds: env.integer('CIRCUIT_BREAKER_RECOVERY_SECONDS', { ...seconds, fallback: 30 }),
  };
}
