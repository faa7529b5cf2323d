import { Cluster } from 'ioredis';
import { redisCredentials } from './redis.ts';
import { runningStack } from './running-stack.ts';

/** A client of a Redis Cluster, the stack's where no other is named, to be disconnected by its test. */
export function connectCluster(ports: readonly number[] = runningStack().redisPorts): Cluster {
  const nodes = ports.map((port) => ({ host: '127.0.0.1', port }));
  return new Cluster(nodes, { redisOptions: redisCredentials, shardedSubscribers: true });
}
