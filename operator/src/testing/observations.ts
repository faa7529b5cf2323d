import type { AuthCluster } from '../api/authcluster.ts';
import type { Deployment, Job, StatefulSet } from '../kubernetes/objects.ts';
import type { Manifest } from '../specs/manifest.ts';
import { names } from '../specs/names.ts';
import { NOTHING_OBSERVED, type Observed } from '../status/observed.ts';

/** What is seen once these objects are there and all that they ask for has come to be. */
export function observedAllReady(cluster: AuthCluster, objects: readonly Manifest[]): Observed {
  const { readReplicas, pooler } = cluster.spec.postgres;
  const { shards, replicasPerShard } = cluster.spec.redis;
  const { postgres, poolerReadWrite, poolerReadOnly } = names(cluster);
  const poolers = new Set([poolerReadWrite, poolerReadOnly]);
  const pods = Array.from({ length: readReplicas + 1 }, (_, ordinal) => `${postgres}-${ordinal}`);
  const hasRedis = objects.some(({ metadata }) => metadata.name === names(cluster).redisShard(0));
  const hasPostgres = objects.some(({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === postgres);
  return {
    ...NOTHING_OBSERVED,
    statefulSets: ofKind(objects, 'StatefulSet', (object) => workload(object, 1) as StatefulSet),
    deployments: ofKind(
      objects,
      'Deployment',
      (object) => workload(object, poolers.has(object.metadata.name) ? pooler.instances : 8) as Deployment,
    ),
    jobs: ofKind(objects, 'Job', completed),
    api: {
      ...NOTHING_OBSERVED.api,
      serving: objects.some(({ metadata }) => metadata.name === names(cluster).api) ? 'blue' : undefined,
    },
    ...(hasPostgres
      ? {
          accountsReady: true,
          patroni: {
            leader: pods[0],
            transitions: 0,
            syncStandbys: pods.slice(1, 2),
            initialized: true,
            members: pods.map((pod, ordinal) => ({
              pod,
              ready: true,
              role: ordinal === 0 ? 'primary' : 'replica',
              timeline: 1,
              xlogLocation: 1n,
              pendingRestart: [],
            })),
          },
        }
      : {}),
    ...(hasRedis
      ? { redis: { readyNodes: shards * (replicasPerShard + 1), shards, slotsCovered: 16_384, shardsInUse: shards } }
      : {}),
  };
}

function ofKind<T>(objects: readonly Manifest[], kind: string, live: (object: Manifest) => T): Map<string, T> {
  const matching = objects.filter((object) => object.kind === kind);
  return new Map(matching.map((object) => [object.metadata.name, live(object)]));
}

/** `size` is that of what is not applied with one. */
function workload(object: Manifest, size: number): unknown {
  const spec = object.spec as { replicas?: number };
  const replicas = spec.replicas ?? size;
  return {
    ...object,
    metadata: { ...object.metadata, generation: 1 },
    status: { observedGeneration: 1, replicas, readyReplicas: replicas, updatedReplicas: replicas },
  };
}

function completed(object: Manifest): Job {
  return { ...object, status: { succeeded: 1, conditions: [{ type: 'Complete', status: 'True' }] } } as unknown as Job;
}
