import type { Calibration, Hashing } from './calibration.ts';
import { tierWork } from './cost.ts';
import { NOTHING_STORED, type Workload } from './workload.ts';

/** Requests per second that were measured. */
export interface MeasuredRates {
  /** Whose password is hashed. */
  readonly loginsPerSecond: number;
  readonly refreshesPerSecond: number;
  readonly profilesPerSecond: number;
  readonly verifiesPerSecond: number;
  /** Share of /verify answered from memory; 0 where there is no such cache. */
  readonly localHitShare: number;
  /** Pods of the auth API. */
  readonly pods: number;
}

export interface ApiCpuPrediction {
  readonly cores: number;
  /** Share of it that is hashing. */
  readonly hashingShare: number;
}

/** Cores of the auth API that the planner's model expects for such rates: what runs are held against. */
export function predictedApiCpu(rates: MeasuredRates, calibration: Calibration, hashing: Hashing): ApiCpuPrediction {
  const { pods, ...requests } = rates;
  const workload: Workload = { ...requests, ...NOTHING_STORED, profileHitShare: 0 };
  const { hashingMs, apiMs } = tierWork(workload, calibration, hashing);
  const total = hashingMs + apiMs + pods * calibration.api.idleMillicores;
  return { cores: total / 1000, hashingShare: total === 0 ? 0 : hashingMs / total };
}
