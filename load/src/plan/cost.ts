import { type Calibration, type Hashing, hashMs } from './calibration.ts';
import type { Workload } from './workload.ts';

/** Work per second that a workload makes for each tier. Milliseconds per second: 1000 are one busy core. */
export interface TierWork {
  readonly hashesPerSecond: number;
  readonly hashingMs: number;
  /** The main threads of the auth API. */
  readonly apiMs: number;
  readonly gatewayMs: number;
  readonly requestsPerSecond: number;
  readonly primaryReads: number;
  readonly primaryWrites: number;
  readonly replicaReads: number;
  readonly redisCommands: number;
}

/**
 * Statements and commands of each operation, as the auth API makes them. A login reads the user and writes session,
 * token and last_login in one statement, and puts the session into Redis, with the user where they are not there; a
 * refresh writes once; what a cache misses is read, sessions from the primary.
 */
const STATEMENTS = {
  login: { primaryReads: 1, primaryWrites: 1, redisCommands: 8 },
  refresh: { primaryReads: 0, primaryWrites: 1, redisCommands: 2 },
  profileMiss: { replicaReads: 1, redisCommands: 2 },
  verifyMiss: { primaryReads: 1, redisCommands: 2 },
} as const;

export function tierWork(workload: Workload, calibration: Calibration, hashing: Hashing): TierWork {
  const { loginsPerSecond, refreshesPerSecond, profilesPerSecond, verifiesPerSecond } = workload;
  const { login, refresh, profileMiss, verifyMiss } = STATEMENTS;
  const { api } = calibration;
  const verifyMisses = verifiesPerSecond * (1 - workload.localHitShare);
  const profileMisses = profilesPerSecond * (1 - workload.profileHitShare);
  const requestsPerSecond = loginsPerSecond + refreshesPerSecond + profilesPerSecond + verifiesPerSecond;
  return {
    hashesPerSecond: loginsPerSecond,
    hashingMs: loginsPerSecond * hashMs(calibration, hashing),
    apiMs:
      loginsPerSecond * api.loginMs +
      refreshesPerSecond * api.refreshMs +
      profilesPerSecond * api.profileMs +
      (verifiesPerSecond - verifyMisses) * api.verifyHitMs +
      verifyMisses * api.verifyMissMs,
    gatewayMs: requestsPerSecond * calibration.gateway.requestMs,
    requestsPerSecond,
    primaryReads: loginsPerSecond * login.primaryReads + verifyMisses * verifyMiss.primaryReads,
    primaryWrites: loginsPerSecond * login.primaryWrites + refreshesPerSecond * refresh.primaryWrites,
    replicaReads: profileMisses * profileMiss.replicaReads,
    redisCommands:
      loginsPerSecond * login.redisCommands +
      refreshesPerSecond * refresh.redisCommands +
      // Every profile asks the shared cache; a miss asks and stores.
      profilesPerSecond +
      profileMisses * profileMiss.redisCommands +
      verifyMisses * verifyMiss.redisCommands,
  };
}
