import { ownMs } from './api-tier.ts';
import { announcingCores, primaryCores, replayCores } from './behaviour.ts';
import type { Calibration, Hashing } from './calibration.ts';
import { type TierWork, tierWork } from './cost.ts';
import { NOTHING_STORED } from './workload.ts';

/** Requests per second that were measured. */
export interface MeasuredRates {
  /** Whose password is hashed. */
  readonly loginsPerSecond: number;
  readonly refreshesPerSecond: number;
  readonly profilesPerSecond: number;
  readonly verifiesPerSecond: number;
  readonly logoutsPerSecond: number;
  /** Share of /verify answered from memory; 0 where there is no such cache. */
  readonly localHitShare: number;
  /** Pods of the auth API. */
  readonly pods: number;
}

/** Rates of log-ins and nothing else. */
export function loginsAlone({ loginsPerSecond, pods }: Pick<MeasuredRates, 'loginsPerSecond' | 'pods'>): MeasuredRates {
  return {
    loginsPerSecond,
    refreshesPerSecond: 0,
    profilesPerSecond: 0,
    verifiesPerSecond: 0,
    logoutsPerSecond: 0,
    localHitShare: 0,
    pods,
  };
}

export interface ApiCpuPrediction {
  readonly cores: number;
  /** Share of it that is hashing. */
  readonly hashingShare: number;
}

/** Cores of the auth API that the planner's model expects for such rates: what runs are held against. */
export function predictedApiCpu(rates: MeasuredRates, calibration: Calibration, hashing: Hashing): ApiCpuPrediction {
  const work = workOf(rates, calibration, hashing);
  const { hashingMs, apiMs } = work;
  const total = hashingMs + apiMs + rates.pods * ownMs(work, calibration);
  return { cores: total / 1000, hashingShare: total === 0 ? 0 : hashingMs / total };
}

/**
 * Cores of the tiers beside it, by component, without what they use while idle.
 * @param postgresPods the primary, and replicas that replay what it wrote
 */
export function predictedTierCores(
  rates: MeasuredRates,
  postgresPods: number,
  calibration: Calibration,
  hashing: Hashing,
) {
  const work = workOf(rates, calibration, hashing);
  const { postgres, redis } = calibration;
  const replicas = Math.max(0, postgresPods - 1);
  // Where there is no replica, the primary reads what one would have.
  const primaryReads = work.primaryReads + (replicas === 0 ? work.replicaReads : 0);
  const replicaReadMs = replicas === 0 ? 0 : work.replicaReads * postgres.readMs;
  return {
    gateway: work.gatewayMs / 1000,
    'pooler-rw': ((primaryReads + work.primaryWrites) * postgres.poolerMs) / 1000,
    postgres:
      primaryCores({ ...work, primaryReads }, calibration) +
      replicas * replayCores(work, calibration) +
      replicaReadMs / 1000,
    redis: (work.redisCommands * redis.commandMicroseconds) / 1e6 + announcingCores(work, rates.pods, calibration),
  };
}

function workOf({ pods: _, ...requests }: MeasuredRates, calibration: Calibration, hashing: Hashing): TierWork {
  // How many reads of profiles caches answered is not told: none, so that the model is on the safe side.
  return tierWork({ ...requests, ...NOTHING_STORED, profileHitShare: 0 }, calibration, hashing);
}
