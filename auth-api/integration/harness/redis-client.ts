import { Cluster } from 'ioredis';
import { redisCredentials } from './redis.ts';
import { runningStack } from './running-stack.ts';

/** A client of the stack's Redis Cluster, to be disconnected by its test. */
export function connectCluster(): Cluster {
  const nodes = runningStack().redisPorts.map((port) => ({ host: '127.0.0.1', port }));
  return new Cluster(nodes, { redisOptions: redisCredentials, shardedSubscribers: true });
}
