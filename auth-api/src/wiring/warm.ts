import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Freshness } from '../cache/freshness.ts';
import { ConfigError, type ServeConfig } from '../config.ts';
import { Metrics } from '../observability/metrics.ts';
import { activeUsers } from '../storage/postgres/active-users.ts';
import { redisCommandTimeoutMs } from '../storage/redis/client.ts';
import { openCaches } from './caches.ts';
import { createCircuitBreakers } from './circuit-breakers.ts';
import { openDatabases } from './databases.ts';
import { openRedis } from './redis.ts';
import { createStores } from './stores.ts';

const batchSize = 20;
const pauseMs = 50;
const longestWaitForTrustMs = 15_000;

/**
 * Loads the users who were active lately, with their permissions, into the shared caches, as a reader would: what is
 * there already is left as it is. A small batch and a pause at a time, so that it takes little from those who wait.
 */
export async function warm(config: ServeConfig, log: Logger): Promise<void> {
  const metrics = new Metrics();
  const breakers = createCircuitBreakers(config, log, metrics);
  const redis = openRedis(config, breakers, log);
  if (redis === undefined) throw new ConfigError(['REDIS_NODES must be set: without Redis nothing is shared']);
  const databases = openDatabases(config, breakers, log, metrics);
  const caches = openCaches(config, { databases, redis, metrics, log });
  const { views } = createStores(config, { databases, caches, metrics, log });
  try {
    await trustOf(caches.freshness);
    let users = 0;
    const active = { withinSeconds: config.cache.warmingActiveWithinSeconds, batchSize };
    for await (const batch of activeUsers(databases.scans, active)) {
      await Promise.all(batch.map((userId) => views.profile(userId, undefined)));
      users += batch.length;
      await delay(pauseMs);
    }
    // What was read last may still be on its way to Redis.
    await delay(redisCommandTimeoutMs);
    log.info({ users }, 'warmed');
  } finally {
    caches.close();
    redis.disconnect();
    await databases.close();
  }
}

/** Until this process hears invalidations it may store nothing. */
async function trustOf(freshness: Freshness): Promise<void> {
  const deadlineMs = performance.now() + longestWaitForTrustMs;
  while (!freshness.isTrusted()) {
    if (performance.now() > deadlineMs)
      throw new Error('no pod of the API relays invalidations: nothing can be cached');
    await delay(100);
  }
}
