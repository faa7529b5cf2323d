import { type Calibration, type Hashing, hashMs } from './calibration.ts';
import type { TierWork } from './cost.ts';
import { boundedQueue } from './queueing.ts';

/** The auth API as deployed: every pod alike. */
export interface ApiDeployment {
  readonly replicas: number;
  /** CPU limit of a pod, which it requests too. */
  readonly podCores: number;
  readonly queueLength: number;
  readonly hashing: Hashing;
}

export interface ApiBehaviour {
  readonly workers: number;
  /** How long one hash takes with what the main thread leaves of the pod's CPU. */
  readonly hashMs: number;
  /** Of all CPU. */
  readonly cpuUtilisation: number;
  /** Of the one thread that speaks HTTP. */
  readonly mainThreadUtilisation: number;
  /** Of the CPU that the main threads leave to hashing, as offered: above 1 some logins are refused. */
  readonly hashingLoad: number;
  readonly refusedShare: number;
  readonly loginP95Ms: number;
}

/** Threads that hash: as many as run at once, as the auth API itself decides. */
export function hashingWorkers(podCores: number): number {
  return Math.max(1, Math.floor(podCores));
}

/** What each pod does in a second however many there are: being there, and hearing of all log-outs. */
export function ownMs({ announcementsPerSecond }: TierWork, { api }: Calibration): number {
  // A thousandth of a core is a millisecond a second.
  return api.idleMillicores + announcementsPerSecond * api.logoutHeardMs;
}

/**
 * How the auth API fares under a load that is spread evenly over its pods. Hashing threads run at a lower priority, so
 * the main thread takes what it needs first, and hashes get slower by what it took.
 * @param databaseMs what a login waits for PostgreSQL
 */
export function apiBehaviour(
  { replicas, podCores, queueLength, hashing }: ApiDeployment,
  work: TierWork,
  calibration: Calibration,
  databaseMs: number,
): ApiBehaviour {
  const mainThread = (work.apiMs / replicas + ownMs(work, calibration)) / 1000;
  const workers = hashingWorkers(podCores);
  const left = Math.max(0.05 * podCores, podCores - mainThread);
  const meanMs = hashMs(calibration, hashing) * Math.max(1, workers / left);
  const arrivalsPerMs = work.hashesPerSecond / 1000 / replicas;
  const queue = boundedQueue({ servers: workers, places: queueLength }, arrivalsPerMs, { meanMs, variability: 0 });
  const hashingCores = (work.hashingMs * (1 - queue.refusedShare)) / 1000 / replicas;
  return {
    workers,
    hashMs: meanMs,
    cpuUtilisation: Math.min(1, (mainThread + hashingCores) / podCores),
    mainThreadUtilisation: mainThread,
    hashingLoad: (arrivalsPerMs * meanMs) / workers,
    refusedShare: queue.refusedShare,
    loginP95Ms: queue.waitMsAt(0.95) + meanMs + calibration.api.loginMs / Math.max(0.05, 1 - mainThread) + databaseMs,
  };
}

const NOTHING: TierWork = {
  ...{ hashesPerSecond: 0, hashingMs: 0, apiMs: 0, gatewayMs: 0, requestsPerSecond: 0 },
  ...{ primaryReads: 0, primaryWrites: 0, replicaReads: 0, redisCommands: 0, announcementsPerSecond: 0 },
};

/** What more pods come close to: one that is asked hardly anything. */
export function idleBehaviour(
  pod: Pick<ApiDeployment, 'podCores' | 'hashing'>,
  calibration: Calibration,
  databaseMs: number,
): ApiBehaviour {
  return apiBehaviour({ ...pod, replicas: 1, queueLength: 1 }, NOTHING, calibration, databaseMs);
}

/** As the auth API itself has them, if it is not told: with fewer, peaks are refused at a load that hashing keeps up with. */
const PLACES_FOR_PEAKS = 10;

/**
 * The longest queue whose last place still answers within the target; a longer one would only make people wait who
 * give up. Where that is short, enough for peaks, as far as these are hashed within a second: then it is the number of pods
 * that keeps to the target. At least as many places as workers, so that a moment's burst is not refused.
 */
export function queueLengthFor(podCores: number, serviceMs: number, targetMs: number, otherMs: number): number {
  const workers = hashingWorkers(podCores);
  const places = Math.floor(((targetMs - otherMs - serviceMs) * workers) / serviceMs);
  const forPeaks = Math.min(PLACES_FOR_PEAKS, Math.floor((1000 * workers) / serviceMs));
  return Math.max(workers, forPeaks, Math.min(places, 10_000));
}
