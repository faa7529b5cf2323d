import type { Logger } from 'pino';
import type { ServeConfig } from '../config.ts';
import { readCredentials } from '../storage/postgres/connection.ts';
import { connectRedisCluster, connectSingleRedis, guarded, type RedisConnection } from '../storage/redis/client.ts';
import { tlsOptions } from '../storage/tls.ts';
import type { CircuitBreakers } from './circuit-breakers.ts';

/** Undefined where the deployment has no Redis. All commands but subscriptions go through the circuit breaker. */
export function openRedis(
  { redis: { nodes, topology, tlsMode, credentialsDirectory } }: ServeConfig,
  { redis: breaker }: CircuitBreakers,
  log: Logger,
): RedisConnection | undefined {
  const [first] = nodes;
  if (first === undefined) return undefined;
  const options = {
    login: () => {
      const { user: username, password } = readCredentials(credentialsDirectory);
      return { username, password };
    },
    tls: tlsOptions(tlsMode, credentialsDirectory),
    onError: (error: Error) => log.debug({ error }, 'Redis'),
  };
  const connection = topology === 'single' ? connectSingleRedis(first, options) : connectRedisCluster(nodes, options);
  return guarded(connection, breaker);
}
