import type { Logger } from 'pino';
import { absentSharedStore } from '../cache/absent-shared-store.ts';
import type { LocalCacheType, SharedCacheType } from '../cache/cache-types.ts';
import { Freshness } from '../cache/freshness.ts';
import { type Announce, createAnnounce } from '../cache/invalidation-announcer.ts';
import { InvalidationDelivery } from '../cache/invalidation-delivery.ts';
import type { Vouched } from '../cache/invalidation-events.ts';
import { type InvalidatedCache, InvalidationListener } from '../cache/invalidation-listener.ts';
import { type SessionState, sessionStateCodec } from '../cache/live-sessions.ts';
import { LocalCache } from '../cache/local-cache.ts';
import { OwnWrites, primaryShowsThem } from '../cache/own-writes.ts';
import { RedisInvalidationChannel } from '../cache/redis-invalidation-channel.ts';
import { RedisSessionPositions } from '../cache/redis-session-positions.ts';
import { RedisSharedStore } from '../cache/redis-shared-store.ts';
import { SharedCache, type SharedCacheCodec } from '../cache/shared-cache.ts';
import { grantsCodec, rolesCodec, userBasicsCodec } from '../cache/user-views.ts';
import type { ServeConfig } from '../config.ts';
import type { Role } from '../domain/administration.ts';
import type { Grants, UserBasics } from '../domain/ports/users.ts';
import type { Metrics } from '../observability/metrics.ts';
import { PostgresInvalidationSource } from '../storage/postgres/outbox.ts';
import type { RedisConnection } from '../storage/redis/client.ts';
import { redisCommandTimeoutMs } from '../storage/redis/client.ts';
import type { Databases } from './databases.ts';

export interface Caches {
  readonly freshness: Freshness;
  readonly announce: Announce;
  readonly ownWrites: Pick<OwnWrites, 'opened' | 'wrote' | 'read'>;
  /** Undefined without Redis: then nothing is cached, since nobody would tell of changes. */
  readonly delivery: InvalidationDelivery | undefined;
  /** As far as this pod trusts what it hears of invalidations. */
  readonly vouched: () => Vouched | undefined;
  /** It does, but hears no relay. */
  readonly isForsaken: () => boolean;
  readonly session: LocalCache<SessionState>;
  readonly userBasic: LocalCache<UserBasics>;
  readonly sessionData: SharedCache<SessionState>;
  readonly userProfile: SharedCache<UserBasics>;
  readonly userPermissions: SharedCache<Grants>;
  readonly roleDefinitions: SharedCache<readonly Role[]>;
  close(): void;
}

export interface CacheDependencies {
  readonly databases: Databases;
  readonly redis: RedisConnection | undefined;
  readonly metrics: Metrics;
  readonly log: Logger;
}

const nowMs = () => performance.now();

const commands = { commandTimeoutMs: redisCommandTimeoutMs };

/** Both tiers, and what keeps them fresh. */
export function openCaches(config: ServeConfig, dependencies: CacheDependencies): Caches {
  const { redis, metrics, log } = dependencies;
  const replicaLagLimitMs = config.postgres.replicaLagLimitSeconds * 1000;
  const freshness = new Freshness(nowMs, { replicaLagLimitMs });
  const redisStore = redis === undefined ? undefined : new RedisSharedStore(redis.scripts, commands);
  const store = redisStore ?? absentSharedStore;
  const common = {
    freshness,
    random: Math.random,
    onLookup: (type: LocalCacheType | SharedCacheType, result: Parameters<Metrics['lookedUp']>[1]) =>
      metrics.lookedUp(type, result),
  };
  const local = <T>(type: LocalCacheType) => new LocalCache<T>({ ...config.cache.local[type], ...common, type, nowMs });
  const shared = <T>(type: SharedCacheType, codec: SharedCacheCodec<T>) => {
    const onStoreError = (error: unknown) => log.debug({ error, type }, 'the shared cache failed');
    return new SharedCache<T>({ ...config.cache.shared[type], ...common, type, store, codec, onStoreError });
  };
  const caches = {
    session: local<SessionState>('session'),
    userBasic: local<UserBasics>('user_basic'),
    sessionData: shared('session_data', sessionStateCodec),
    userProfile: shared('user_profile', userBasicsCodec),
    userPermissions: shared('user_permissions', grantsCodec),
    roleDefinitions: shared('role_definitions', rolesCodec),
  };
  const invalidation =
    redis === undefined || redisStore === undefined
      ? withoutInvalidation
      : openInvalidation({ ...dependencies, redis, store: redisStore, freshness, caches: Object.values(caches) });
  return { ...caches, freshness, ...invalidation };
}

/** What tells caches of changes, and others of changes made here. */
type Invalidation = Pick<Caches, 'ownWrites' | 'announce' | 'delivery' | 'vouched' | 'isForsaken' | 'close'>;

const withoutInvalidation: Invalidation = {
  ownWrites: primaryShowsThem,
  announce: async () => {},
  delivery: undefined,
  vouched: () => undefined,
  isForsaken: () => false,
  close: () => {},
};

interface InvalidationDependencies extends CacheDependencies {
  readonly redis: RedisConnection;
  readonly store: RedisSharedStore;
  readonly freshness: Freshness;
  readonly caches: readonly InvalidatedCache[];
}

function openInvalidation({
  databases,
  redis,
  store,
  freshness,
  caches,
  metrics,
  log,
}: InvalidationDependencies): Invalidation {
  const listener = new InvalidationListener({
    freshness,
    caches,
    source: new PostgresInvalidationSource(databases.relay),
    nowMs,
    onApplied: ({ kind, committedAtMs }) => metrics.invalidated(kind, (Date.now() - committedAtMs) / 1000),
    onGap: () => log.debug('caches are bypassed until this pod has caught up with invalidations'),
    onCatchUpError: (error) => log.debug({ error }, 'this pod could not catch up with invalidations'),
  });
  const channel = new RedisInvalidationChannel(redis.pubSub, {
    ...commands,
    onError: (error) => log.debug({ error }, 'the subscription to invalidations failed'),
  });
  const delivery = new InvalidationDelivery(store, channel);
  const commitPoints = new PostgresInvalidationSource(databases.primary);
  const commitPoint = () => commitPoints.commitPoint();
  const announce = createAnnounce({
    listener,
    delivery,
    commitPoint,
    nowMs: () => Date.now(),
    onError: (error) => log.debug({ error }, 'an invalidation is left to the outbox'),
  });
  const ownWrites = new OwnWrites({
    positions: new RedisSessionPositions(redis.scripts, { ...commands, store }),
    freshness,
    commitPoint,
    onError: (error) => log.debug({ error }, 'the last write of a session is not known'),
  });
  const close = channel.subscribe((text) => listener.receive(text));
  return {
    ownWrites,
    announce,
    delivery,
    vouched: () => listener.vouched(),
    isForsaken: () => listener.isForsaken(),
    close,
  };
}
