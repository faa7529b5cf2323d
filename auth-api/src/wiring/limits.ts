import type { ServeConfig } from '../config.ts';
import { Limits } from '../limits/limits.ts';
import { defaultLockoutPolicy } from '../limits/lockout.ts';
import { MemoryLimitStore } from '../limits/memory-limit-store.ts';
import { RedisLimitStore } from '../limits/redis-limit-store.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { RedisConnection } from '../storage/redis/client.ts';
import { redisCommandTimeoutMs } from '../storage/redis/client.ts';

/** Redis is never needed: without it each pod limits what it sees. */
export function createLimits({ rates }: ServeConfig, redis: RedisConnection | undefined, metrics: Metrics): Limits {
  const options = { commandTimeoutMs: redisCommandTimeoutMs };
  return new Limits({
    rules: rates,
    lockout: defaultLockoutPolicy,
    fallback: new MemoryLimitStore(() => performance.now()),
    onFallback: () => metrics.limitedByPod(),
    shared: redis === undefined ? undefined : new RedisLimitStore(redis.scripts, options),
  });
}
