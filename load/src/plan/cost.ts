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
  /** Log-outs that every pod of the auth API is told of. */
  readonly announcementsPerSecond: number;
}

/**
 * Statements and commands of each operation, as the auth API makes them. A login reads the user and writes session,
 * token and last_login in one statement, and puts the session into Redis, with the user where they are not there; a
 * refresh writes once; what a cache misses is read, sessions from the primary. A log-out writes, asks where the log of the
 * primary is by then, publishes, and takes the session out of Redis: at once, by the outbox, and once more after that.
 */
const STATEMENTS = {
  login: { primaryReads: 1, primaryWrites: 1, redisCommands: 6 },
  refresh: { primaryReads: 0, primaryWrites: 1, redisCommands: 2 },
  profileMiss: { replicaReads: 1, redisCommands: 2 },
  verifyMiss: { primaryReads: 1, redisCommands: 2 },
  logout: { primaryReads: 1, primaryWrites: 1, redisCommands: 4 },
} as const;

export function tierWork(workload: Workload, calibration: Calibration, hashing: Hashing): TierWork {
  const { loginsPerSecond, refreshesPerSecond, profilesPerSecond, verifiesPerSecond, logoutsPerSecond } = workload;
  const { login, refresh, profileMiss, verifyMiss, logout } = STATEMENTS;
  const { api } = calibration;
  const verifyMisses = verifiesPerSecond * (1 - workload.localHitShare);
  const profileMisses = profilesPerSecond * (1 - workload.profileHitShare);
  const requestsPerSecond =
    loginsPerSecond + refreshesPerSecond + profilesPerSecond + verifiesPerSecond + logoutsPerSecond;
  return {
    hashesPerSecond: loginsPerSecond,
    hashingMs: loginsPerSecond * hashMs(calibration, hashing),
    apiMs:
      loginsPerSecond * api.loginMs +
      refreshesPerSecond * api.refreshMs +
      profilesPerSecond * api.profileMs +
      (verifiesPerSecond - verifyMisses) * api.verifyHitMs +
      verifyMisses * api.verifyMissMs +
      logoutsPerSecond * api.logoutMs,
    gatewayMs: requestsPerSecond * calibration.gateway.requestMs,
    requestsPerSecond,
    primaryReads:
      loginsPerSecond * login.primaryReads +
      verifyMisses * verifyMiss.primaryReads +
      logoutsPerSecond * logout.primaryReads,
    primaryWrites:
      loginsPerSecond * login.primaryWrites +
      refreshesPerSecond * refresh.primaryWrites +
      logoutsPerSecond * logout.primaryWrites,
    replicaReads: profileMisses * profileMiss.replicaReads,
    redisCommands:
      loginsPerSecond * login.redisCommands +
      refreshesPerSecond * refresh.redisCommands +
      // Every profile asks the shared cache; a miss asks and stores.
      profilesPerSecond +
      profileMisses * profileMiss.redisCommands +
      verifyMisses * verifyMiss.redisCommands +
      logoutsPerSecond * logout.redisCommands,
    announcementsPerSecond: logoutsPerSecond,
  };
}
