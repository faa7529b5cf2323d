import { hashingWorkers } from './api-tier.ts';
import type { Deployment, Replicas } from './deployment.ts';
import { type PlanRequest, SECONDS_PER_DAY } from './workload.ts';

export type AuthClusterResource = ReturnType<typeof authClusterResource>;

/** The resource that asks for a deployment. Only what the plan decides is in it; the rest keeps its defaults. */
export function authClusterResource(
  name: string,
  { api, gateway, postgres, redis }: Deployment,
  { demand, targets }: Pick<PlanRequest, 'demand' | 'targets'>,
) {
  const spec = {
    api: {
      autoscaling: autoscaling(api.replicas, targets.apiUtilisation),
      resources: resources(api.podCores, `${api.podMemoryMib}Mi`),
      hashing: { ...api.hashing, workers: hashingWorkers(api.podCores), queueLength: api.queueLength },
      pools: { write: api.writePool, read: api.readPool },
      auditRetentionDays: demand.auditRetentionDays,
      tokens: {
        accessLifetimeSeconds: demand.accessTokenSeconds,
        refreshLifetimeSeconds: Math.round(demand.sessionRetentionDays * SECONDS_PER_DAY),
      },
    },
    gateway: {
      autoscaling: autoscaling(gateway.replicas, targets.gatewayUtilisation),
      resources: resources(gateway.podCores, '128Mi'),
    },
    postgres: {
      readReplicas: postgres.readReplicas,
      storage: { size: `${postgres.storageGib}Gi` },
      parameters: { max_connections: String(postgres.maxConnections) },
      resources: resources(postgres.cores, `${postgres.memoryGib}Gi`),
      pooler: { instances: postgres.poolerInstances, maxClientConnections: postgres.maxClientConnections },
    },
    redis: {
      shards: redis.shards,
      maxMemory: `${redis.maxMemoryMib}Mi`,
      resources: resources(1, `${redisLimitMib(redis.maxMemoryMib)}Mi`),
    },
  };
  return { apiVersion: 'authcluster.dev/v1alpha1', kind: 'AuthCluster', metadata: { name }, spec } as const;
}

function autoscaling({ min, max }: Replicas, utilisation: number) {
  return { minReplicas: min, maxReplicas: max, targetCPUUtilizationPercentage: Math.round(utilisation * 100) };
}

/** Requests equal limits: what is planned with is there, and the autoscaler's percentages are those of the plan. */
function resources(cores: number, memory: string) {
  const cpu = Number.isInteger(cores) ? String(cores) : `${Math.round(cores * 1000)}m`;
  return { requests: { cpu, memory }, limits: { cpu, memory } };
}

/** A quarter and 32 MiB above maxmemory at least, which the resource's own rule asks for. */
export function redisLimitMib(maxMemoryMib: number): number {
  return Math.ceil((maxMemoryMib * 1.3 + 64) / 64) * 64;
}
