import type { Hashing } from './calibration.ts';

export const SECONDS_PER_DAY = 86_400;

/** What is asked of the service. */
export interface Demand {
  /** Accounts. */
  readonly users: number;
  /** Attempts, wrong passwords among them: each costs a hash. */
  readonly peakLoginsPerSecond: number;
  /** How long a logged-in user works before the log-out or the last request. */
  readonly activeMinutes: number;
  /** Seconds between two checks (`/verify`) of one active user. */
  readonly verifyEverySeconds: number;
  /** Profile reads per login. */
  readonly profilesPerLogin: number;
  /** Share of logins whose session ends by a log-out. */
  readonly logoutShare: number;
  /** Share of accounts that log in on one day. */
  readonly dailyActiveShare: number;
  /** Days for which the rows of a session are kept: the refresh lifetime, unless older ones are cleaned away sooner. */
  readonly sessionRetentionDays: number;
  /** Days for which the audit log is kept: whole months of it go, each when its last day is older. */
  readonly auditRetentionDays: number;
  readonly accessTokenSeconds: number;
  readonly hashing: Hashing;
  /** Share of /verify answered from the memory of a pod. */
  readonly localHitShare: number;
  /** Share of profile and permission reads answered from memory or Redis. */
  readonly profileHitShare: number;
}

/** What must hold at the peak. */
export interface Targets {
  readonly loginP95Ms: number;
  /** Share of logins that may be refused (503) because the hash queue is full. */
  readonly refusedShare: number;
  /** Utilisation at which the autoscaler adds pods. */
  readonly apiUtilisation: number;
  readonly gatewayUtilisation: number;
  /** Utilisation of PostgreSQL, PgBouncer, Redis and the API's main thread that leaves room for a failover. */
  readonly serverUtilisation: number;
  /** Lowest load of the day relative to the peak: what minReplicas is made for. */
  readonly troughShare: number;
}

/** Sizes of machines to choose from. */
export interface Machines {
  readonly apiPodCores: number;
  readonly gatewayPodCores: number;
  readonly largestPostgresCores: number;
}

export interface PlanRequest {
  readonly demand: Demand;
  readonly targets: Targets;
  readonly machines: Machines;
}

/** Requests per second at the peak, and what is stored. */
export interface Workload {
  readonly loginsPerSecond: number;
  readonly refreshesPerSecond: number;
  readonly profilesPerSecond: number;
  readonly verifiesPerSecond: number;
  readonly logoutsPerSecond: number;
  readonly localHitShare: number;
  readonly profileHitShare: number;
  readonly users: number;
  readonly activeUsers: number;
  readonly dailyLogins: number;
  readonly storedSessions: number;
  readonly storedRefreshTokens: number;
  readonly storedAuditEvents: number;
}

/** For what looks at rates alone. */
export const NOTHING_STORED = {
  users: 0,
  activeUsers: 0,
  dailyLogins: 0,
  storedSessions: 0,
  storedRefreshTokens: 0,
  storedAuditEvents: 0,
} as const;

/** Beside the login and its log-out: for one in ten an attempt before it that failed. */
const FAILED_ATTEMPTS_PER_LOGIN = 0.1;
/** One month is being filled. */
const AUDIT_DAYS_BEYOND_RETENTION = 31;

/** By Little's law: arrivals x time they stay. More than there are accounts where the peak is shorter than that time. */
export function steadyActiveUsers({ peakLoginsPerSecond, activeMinutes }: Demand): number {
  return peakLoginsPerSecond * activeMinutes * 60;
}

export function peakWorkload(demand: Demand): Workload {
  const activeSeconds = demand.activeMinutes * 60;
  const activeUsers = Math.min(steadyActiveUsers(demand), demand.users);
  const dailyLogins = demand.users * demand.dailyActiveShare;
  const storedSessions = dailyLogins * demand.sessionRetentionDays;
  const dailyAuditEvents = dailyLogins * (1 + demand.logoutShare + FAILED_ATTEMPTS_PER_LOGIN);
  return {
    loginsPerSecond: demand.peakLoginsPerSecond,
    refreshesPerSecond: activeUsers / demand.accessTokenSeconds,
    profilesPerSecond: demand.peakLoginsPerSecond * demand.profilesPerLogin,
    verifiesPerSecond: activeUsers / demand.verifyEverySeconds,
    logoutsPerSecond: demand.peakLoginsPerSecond * demand.logoutShare,
    localHitShare: demand.localHitShare,
    profileHitShare: demand.profileHitShare,
    users: demand.users,
    activeUsers,
    dailyLogins,
    storedSessions,
    storedRefreshTokens: storedSessions * (1 + activeSeconds / demand.accessTokenSeconds),
    storedAuditEvents: dailyAuditEvents * (demand.auditRetentionDays + AUDIT_DAYS_BEYOND_RETENTION),
  };
}

/** The same shape with every rate and every stored row multiplied, as when it is spread over several clusters. */
export function scaled(workload: Workload, factor: number): Workload {
  const { localHitShare, profileHitShare, ...amounts } = workload;
  const entries = Object.entries(amounts).map(([name, amount]) => [name, amount * factor]);
  return { ...(Object.fromEntries(entries) as typeof amounts), localHitShare, profileHitShare };
}
