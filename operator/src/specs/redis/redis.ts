import type { AuthCluster } from '../../api/authcluster.ts';
import { orderedHash, stableHash } from '../../controller/hash.ts';
import { disruptionBudget } from '../availability.ts';
import type { BuilderInputs, Credentials } from '../inputs.ts';
import type { Manifest } from '../manifest.ts';
import { ownedMetadata } from '../metadata.ts';
import { names, PORTS, SHARD_LABEL } from '../names.ts';
import { headlessService } from '../services.ts';
import { redisClientSecret } from './client.ts';
import { redisConf, usersAcl } from './configuration.ts';
import { redisPodTemplate, redisShardStatefulSet } from './stateful-set.ts';

/**
 * A Redis Cluster: one StatefulSet per shard. Of an external Redis, what logs in to it. Forming, healing and resharding it is done by talking to its members;
 * `shardCount` exceeds what the spec wants while shards that are to go are not empty.
 */
export function redis(cluster: AuthCluster, inputs: BuilderInputs, shardCount = cluster.spec.redis.shards): Manifest[] {
  if (cluster.spec.redis.mode === 'External') {
    return inputs.external.redis === undefined ? [] : [redisClientSecret(cluster, inputs.external.redis)];
  }
  const name = names(cluster);
  const files = { 'redis.conf': redisConf(cluster, inputs.credentials), 'users.acl': usersAcl(inputs.credentials) };
  const encoded = Object.entries(files).map(([key, text]) => [key, Buffer.from(text, 'utf8').toString('base64')]);
  const shards = Array.from({ length: shardCount }, (_, shard) => shard);
  const configHash = redisConfigHash(cluster, inputs.credentials);
  const hashes = { configHash, templateHash: orderedHash(redisPodTemplate(cluster, inputs, 0, configHash)) };
  return [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: ownedMetadata(cluster, 'redis', name.redis),
      type: 'Opaque',
      data: Object.fromEntries(encoded),
    },
    headlessService(cluster, {
      component: 'redis',
      name: name.redis,
      ports: [
        { name: 'redis', port: PORTS.redis, targetPort: 'redis' },
        { name: 'bus', port: PORTS.redisBus, targetPort: 'bus' },
      ],
    }),
    ...shards.flatMap((shard) => shardObjects(cluster, inputs, shard, hashes)),
  ];
}

/**
 * What pods are replaced for. Users may have a second password meanwhile, and that of the exporters is used by no node: they
 * are told to read those anew.
 */
export function redisConfigHash(cluster: AuthCluster, credentials: Credentials): string {
  const { next: _, previous: __, expired: ___, ...redis } = credentials.redis;
  const used = { ...credentials, redis: { ...redis, monitoring: undefined } };
  return stableHash({ 'redis.conf': redisConf(cluster, used), 'users.acl': usersAcl(used) });
}

function shardObjects(
  cluster: AuthCluster,
  inputs: BuilderInputs,
  shard: number,
  hashes: { configHash: string; templateHash: string },
): Manifest[] {
  const budget = {
    component: 'redis' as const,
    name: names(cluster).redisShard(shard),
    maxUnavailable: 1,
    labels: { [SHARD_LABEL]: String(shard) },
    evictUnhealthy: false,
  };
  const hasReplicas = cluster.spec.redis.replicasPerShard > 0;
  return [
    ...(hasReplicas ? [disruptionBudget(cluster, budget)] : []),
    redisShardStatefulSet(cluster, inputs, shard, hashes),
  ];
}
