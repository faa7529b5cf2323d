import { announcingCores, occupiedConnections, primaryCores, replayCores } from './behaviour.ts';
import type { Calibration } from './calibration.ts';
import { clientConnectionsFor, maxConnectionsFor } from './connection-budget.ts';
import type { TierWork } from './cost.ts';
import type { Deployment, Replicas } from './deployment.ts';
import { serversForWait } from './queueing.ts';
import type { Workload } from './workload.ts';

/** A statement should find a free connection except in one of so many cases. */
const POOL_WAIT_SHARE = 0.001;
const SMALLEST_POOL = 5;
const BYTES_PER_GIB = 2 ** 30;
const BYTES_PER_MIB = 2 ** 20;

export interface Pools {
  readonly writePool: number;
  readonly readPool: number;
}

/** Connections of each API pod: enough that waiting for one is rare (Erlang C). */
export function poolsFor(work: TierWork, calibration: Calibration, apiReplicas: number, readReplicas: number): Pools {
  const { primary, replicas } = occupiedConnections(work, calibration);
  const pool = (offered: number) => Math.max(SMALLEST_POOL, serversForWait(offered / apiReplicas, POOL_WAIT_SHARE));
  return { writePool: pool(primary + (readReplicas === 0 ? replicas : 0)), readPool: pool(replicas) };
}

/** PostgreSQL and the poolers in front of it. Replicas are as large as the primary, since one of them takes over. */
export function postgresTier(
  workload: Workload,
  work: TierWork,
  calibration: Calibration,
  { utilisation, api }: { utilisation: number; api: { replicas: Replicas; pools: (readReplicas: number) => Pools } },
): Deployment['postgres'] {
  const cores = Math.max(1, Math.ceil(primaryCores(work, calibration) / utilisation));
  const readReplicas = readReplicasFor(work, calibration, cores * utilisation);
  const pools = api.pools(readReplicas);
  const poolerInstances = poolerInstancesFor(work, calibration, utilisation);
  const offered = Math.max(...Object.values(occupiedConnections(work, calibration))) / poolerInstances;
  const maxConnections = Math.max(
    200,
    roundUp(maxConnectionsFor(serversForWait(offered, POOL_WAIT_SHARE), poolerInstances), 10),
  );
  const clients = clientConnectionsFor(api.replicas.max, Math.max(pools.writePool, pools.readPool), poolerInstances);
  return {
    cores,
    memoryGib: memoryGib(workload, calibration, maxConnections),
    storageGib: storageGib(workload, calibration),
    readReplicas,
    maxConnections,
    poolerInstances,
    maxClientConnections: Math.max(100, roundUp(clients, 50)),
  };
}

/** Two at least: commits are confirmed by one, and one may be lost. */
function readReplicasFor(work: TierWork, calibration: Calibration, usableCores: number): number {
  const readCores = (work.replicaReads * calibration.postgres.readMs) / 1000;
  const left = Math.max(0.1 * usableCores, usableCores - replayCores(work, calibration));
  return Math.max(2, Math.ceil(readCores / left));
}

/** One more than needed, so that losing one is not felt. */
function poolerInstancesFor(work: TierWork, { postgres }: Calibration, utilisation: number): number {
  const statements = Math.max(work.primaryReads + work.primaryWrites, work.replicaReads);
  return Math.max(2, Math.ceil((statements * postgres.poolerMs) / 1000 / utilisation) + 1);
}

/** The rows of one day's users in memory, and every connection's own. */
function memoryGib(workload: Workload, { postgres }: Calibration, maxConnections: number): number {
  const tokensPerSession = workload.storedRefreshTokens / Math.max(1, workload.storedSessions);
  const sessionBytes = postgres.bytesPerSession + tokensPerSession * postgres.bytesPerRefreshToken;
  const hotBytes = workload.dailyLogins * (postgres.bytesPerUser + sessionBytes);
  return Math.ceil(1 + hotBytes / BYTES_PER_GIB + (maxConnections * postgres.mibPerConnection) / 1024);
}

/** Twice the rows, for dead ones and growth, events that nobody changes once, and room for the write-ahead log. */
function storageGib(workload: Workload, { postgres }: Calibration): number {
  const bytes =
    workload.users * postgres.bytesPerUser +
    workload.storedSessions * postgres.bytesPerSession +
    workload.storedRefreshTokens * postgres.bytesPerRefreshToken;
  const appendedBytes = workload.storedAuditEvents * postgres.bytesPerAuditEvent;
  return roundUp(8 + (2 * bytes + appendedBytes) / BYTES_PER_GIB, 5);
}

/** One shard tells the pods of log-outs beside its share of the commands: at the most for so much of what it may do. */
export const MOST_ANNOUNCING_SHARE = 0.5;

/** Redis shards by commands and by what an hour's users and the active sessions take, a third to spare. */
export function redisTier(
  workload: Workload,
  work: TierWork,
  calibration: Calibration,
  { utilisation, apiPods }: { readonly utilisation: number; readonly apiPods: number },
): Deployment['redis'] {
  const { redis } = calibration;
  const busyThreads = (work.redisCommands * redis.commandMicroseconds) / 1e6;
  const announcing = Math.min(announcingCores(work, apiPods, calibration), MOST_ANNOUNCING_SHARE * utilisation);
  const shards = Math.max(3, Math.ceil(busyThreads / (utilisation - announcing)));
  const usersOfAnHour = Math.min(workload.users, workload.loginsPerSecond * 3600);
  const bytes = workload.activeUsers * redis.bytesPerSession + usersOfAnHour * redis.bytesPerActiveUser;
  return { shards, maxMemoryMib: Math.max(256, roundUp((1.33 * bytes) / shards / BYTES_PER_MIB, 256)) };
}

function roundUp(amount: number, step: number): number {
  return Math.ceil(amount / step) * step;
}
