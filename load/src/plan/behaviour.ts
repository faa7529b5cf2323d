import { apiBehaviour, ownMs } from './api-tier.ts';
import type { Calibration } from './calibration.ts';
import { serverConnectionsPerPooler } from './connection-budget.ts';
import { type TierWork, tierWork } from './cost.ts';
import type { Deployment } from './deployment.ts';
import type { Workload } from './workload.ts';

export interface TierBehaviour {
  readonly tier: string;
  /** Share of what the tier has, at so many replicas as the question was asked for. */
  readonly utilisation: number;
  /** How many times the workload fills the tier, with as many replicas as it may have. */
  readonly fullAtTimes: number;
}

export interface Behaviour {
  readonly refusedShare: number;
  readonly loginP95Ms: number;
  /** What fills up first comes first. */
  readonly tiers: readonly TierBehaviour[];
}

/** Connections that statements occupy at the same time (Little's law), in erlangs. */
export interface OccupiedConnections {
  readonly primary: number;
  readonly replicas: number;
}

export function occupiedConnections(work: TierWork, { postgres }: Calibration): OccupiedConnections {
  const readMs = postgres.readMs + postgres.readWaitMs;
  const writeMs = postgres.writeMs + postgres.writeWaitMs;
  return {
    primary: (work.primaryReads * readMs + work.primaryWrites * writeMs) / 1000,
    replicas: (work.replicaReads * readMs) / 1000,
  };
}

/** Busy cores of the primary. */
export function primaryCores(work: TierWork, { postgres }: Calibration): number {
  return (work.primaryReads * postgres.readMs + work.primaryWrites * postgres.writeMs) / 1000;
}

/** A replica replays what the primary wrote, for about this much of what it cost there. */
const REPLAY_SHARE = 0.3;

export function replayCores(work: TierWork, { postgres }: Calibration): number {
  return (work.primaryWrites * postgres.writeMs * REPLAY_SHARE) / 1000;
}

/** What a login waits for PostgreSQL: two statements one after the other. */
export function loginDatabaseMs({ postgres }: Calibration): number {
  return postgres.readMs + postgres.readWaitMs + postgres.writeMs + postgres.writeWaitMs;
}

/** What a deployment makes of a workload at its peak replicas, and what is full next. */
export function behaviourOf(deployment: Deployment, workload: Workload, calibration: Calibration): Behaviour {
  const { api } = deployment;
  const work = tierWork(workload, calibration, api.hashing);
  const pods = { ...api, replicas: api.replicas.peak };
  const { refusedShare, loginP95Ms } = apiBehaviour(pods, work, calibration, loginDatabaseMs(calibration));
  const tiers = tierLoads(deployment, work, calibration)
    .map(({ tier, used, peak, most }) => ({ tier, utilisation: used / peak, fullAtTimes: most / used }))
    .sort((a, b) => a.fullAtTimes - b.fullAtTimes);
  return { refusedShare, loginP95Ms, tiers };
}

interface TierLoad {
  tier: string;
  /** In the tier's own unit: cores, threads, connections. */
  used: number;
  peak: number;
  most: number;
}

function tierLoads(
  { api, gateway, postgres, redis }: Deployment,
  work: TierWork,
  calibration: Calibration,
): TierLoad[] {
  const occupied = occupiedConnections(work, calibration);
  const readsToPrimary = postgres.readReplicas === 0;
  const primaryConnections = occupied.primary + (readsToPrimary ? occupied.replicas : 0);
  const serverConnections = serverConnectionsPerPooler(postgres) * postgres.poolerInstances;
  const replicas = { peak: api.replicas.peak, most: api.replicas.max };
  const ofPodsMs = ownMs(work, calibration) * api.replicas.peak;
  const perPod = (each: number) => ({ peak: each * replicas.peak, most: each * replicas.most });
  const fixed = (amount: number) => ({ peak: amount, most: amount });
  const statements = work.primaryReads + work.primaryWrites;
  const poolerThreads = (Math.max(statements, work.replicaReads) * calibration.postgres.poolerMs) / 1000;
  return [
    { tier: 'hashing and API CPU', used: (work.hashingMs + work.apiMs + ofPodsMs) / 1000, ...perPod(api.podCores) },
    { tier: 'API main threads', used: (work.apiMs + ofPodsMs) / 1000, ...perPod(1) },
    {
      tier: 'gateway CPU',
      used: work.gatewayMs / 1000,
      peak: gateway.replicas.peak * gateway.podCores,
      most: gateway.replicas.max * gateway.podCores,
    },
    { tier: 'API write pools', used: primaryConnections, ...perPod(api.writePool) },
    ...(readsToPrimary ? [] : [{ tier: 'API read pools', used: occupied.replicas, ...perPod(api.readPool) }]),
    { tier: 'PgBouncer CPU', used: poolerThreads, ...fixed(postgres.poolerInstances) },
    { tier: 'PostgreSQL connections', used: primaryConnections, ...fixed(serverConnections) },
    { tier: 'PostgreSQL primary CPU', used: primaryCores(work, calibration), ...fixed(postgres.cores) },
    ...(readsToPrimary ? [] : [replicaLoad(postgres, work, calibration)]),
    redisLoad(redis.shards, replicas, work, calibration),
  ];
}

/** Cores of one shard, whichever it is, that tell so many pods of log-outs. */
export function announcingCores(work: TierWork, pods: number, { redis }: Calibration): number {
  return (work.announcementsPerSecond * pods * redis.deliveryMicroseconds) / 1e6;
}

/** Of the shard that announces as well: the more pods there are, the more it has to do. */
function redisLoad(
  shards: number,
  replicas: { peak: number; most: number },
  work: TierWork,
  calibration: Calibration,
): TierLoad {
  const commands = (work.redisCommands * calibration.redis.commandMicroseconds) / 1e6 / shards;
  const used = commands + announcingCores(work, replicas.peak, calibration);
  return {
    tier: 'Redis CPU',
    used,
    peak: 1,
    most: used / (commands + announcingCores(work, replicas.most, calibration)),
  };
}

function replicaLoad(postgres: Deployment['postgres'], work: TierWork, calibration: Calibration): TierLoad {
  const reads = (work.replicaReads * calibration.postgres.readMs) / 1000;
  const used = reads + postgres.readReplicas * replayCores(work, calibration);
  const cores = postgres.readReplicas * postgres.cores;
  return { tier: 'PostgreSQL replica CPU', used, peak: cores, most: cores };
}
