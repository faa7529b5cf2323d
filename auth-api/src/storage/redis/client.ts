import { once } from 'node:events';
import type { ConnectionOptions } from 'node:tls';
import { Cluster, Redis } from 'ioredis';
import type { ShardedPubSub } from '../../cache/redis-invalidation-channel.ts';
import type { CircuitBreaker } from '../../resilience/circuit-breaker.ts';
import type { ScriptRunner } from './lua-script.ts';
import { RenewableCluster } from './renewable-cluster.ts';

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

export interface RedisOptions {
  /** Asked for each new connection, so that a rotated password needs no restart. */
  readonly login: () => { readonly username: string; readonly password: string };
  /** Undefined: no TLS. */
  readonly tls: ConnectionOptions | undefined;
  readonly onError: (error: Error) => void;
}

/** What the API needs of Redis, whether it is a cluster or one server. */
export interface RedisConnection {
  readonly scripts: ScriptRunner;
  readonly pubSub: ShardedPubSub;
  /**
   * Resolves once commands reach Redis, or after the time given: whoever serves before that has its first commands
   * refused, and a circuit breaker that opens on them.
   */
  readyWithin(timeoutMs: number): Promise<void>;
  disconnect(): void;
}

/** Milliseconds; Redis only makes things faster, so it is not waited for. */
export const redisCommandTimeoutMs = 500;

/** Connects in the background, and again for ever. Commands fail at once while there is no connection. */
export function connectRedisCluster(nodes: readonly RedisNode[], options: RedisOptions): RedisConnection {
  const open = () => {
    const cluster = new Cluster([...nodes], {
      shardedSubscribers: true,
      enableOfflineQueue: false,
      maxRedirections: 4,
      retryDelayOnFailover: 100,
      retryDelayOnClusterDown: 100,
      slotsRefreshTimeout: 2_000,
      slotsRefreshInterval: 5_000,
      clusterRetryStrategy: retryDelayMs,
      redisOptions: nodeOptions(options),
    });
    cluster.on('error', options.onError);
    // A node's connection is made anew when it was lost; connections of subscribers take after it.
    cluster.on('+node', (node: Redis) => {
      Object.assign(node.options, options.login());
    });
    return cluster;
  };
  const cluster = new RenewableCluster(open);
  const { readyWithin } = lifeOf([cluster.current]);
  return { scripts: cluster, pubSub: cluster, readyWithin, disconnect: () => cluster.disconnect() };
}

/** The same for one server. Subscribing takes a connection of its own. */
export function connectSingleRedis({ host, port }: RedisNode, options: RedisOptions): RedisConnection {
  const open = (enableOfflineQueue: boolean) => {
    const redis: Redis = new Redis({
      ...nodeOptions(options),
      host,
      port,
      enableOfflineQueue,
      retryStrategy: (attempt) => {
        Object.assign(redis.options, options.login());
        return retryDelayMs(attempt);
      },
    });
    redis.on('error', options.onError);
    return redis;
  };
  const commands = open(false);
  const subscriber = open(true);
  const pubSub: ShardedPubSub = {
    spublish: (channel, message) => commands.spublish(channel, message),
    ssubscribe: (channel) => subscriber.ssubscribe(channel),
    sunsubscribe: (channel) => subscriber.sunsubscribe(channel),
    on: (event, listener) => subscriber.on(event, listener),
    off: (event, listener) => subscriber.off(event, listener),
  };
  return { scripts: commands, pubSub, ...lifeOf([commands, subscriber]) };
}

function nodeOptions({ login, tls }: RedisOptions) {
  return {
    ...login(),
    ...(tls === undefined ? {} : { tls }),
    connectTimeout: 1_000,
    commandTimeout: redisCommandTimeoutMs,
    maxRetriesPerRequest: 1,
  };
}

function retryDelayMs(attempt: number): number {
  return Math.min(100 + 50 * attempt, 1_000);
}

function lifeOf(clients: readonly (Redis | Cluster)[]): Pick<RedisConnection, 'readyWithin' | 'disconnect'> {
  const ready = async (client: Redis | Cluster, timeoutMs: number) => {
    if (client.status === 'ready') return;
    await once(client, 'ready', { signal: AbortSignal.timeout(timeoutMs) }).catch(() => undefined);
  };
  return {
    readyWithin: async (timeoutMs) => {
      await Promise.all(clients.map((client) => ready(client, timeoutMs)));
    },
    disconnect: () => {
      for (const client of clients) client.disconnect();
    },
  };
}

/** Commands behind the circuit breaker of Redis, subscriptions past it. */
export function guarded({ scripts, pubSub, ...life }: RedisConnection, breaker: CircuitBreaker): RedisConnection {
  return {
    ...life,
    scripts: {
      evalsha: (...call) => breaker.execute(() => scripts.evalsha(...call)),
      eval: (...call) => breaker.execute(() => scripts.eval(...call)),
    },
    pubSub: {
      spublish: (channel, message) => breaker.execute(() => pubSub.spublish(channel, message)),
      ssubscribe: (channel) => pubSub.ssubscribe(channel),
      sunsubscribe: (channel) => pubSub.sunsubscribe(channel),
      on: (event, listener) => pubSub.on(event, listener),
      off: (event, listener) => pubSub.off(event, listener),
    },
  };
}

/** What Redis answers about a script or a command says that it is well. */
export function isRedisAnswer(error: unknown): boolean {
  return error instanceof Error && /^(NOSCRIPT|ERR|WRONGTYPE) /.test(error.message);
}
