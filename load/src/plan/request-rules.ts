import type { Hashing } from './calibration.ts';
import { type PlanRequest, SECONDS_PER_DAY } from './workload.ts';

/** Option names, as given on the command line, with the least and the most they may be. */
const LIMITS = {
  users: [1, 1e10],
  'peak-logins': [0.01, 1e6],
  'active-minutes': [0.1, 1440],
  'verify-every': [0.01, 86_400],
  'profiles-per-login': [0, 1000],
  'logout-share': [0, 1],
  'daily-active': [0.0001, 1],
  'session-days': [1, 365],
  'audit-days': [30, 3650],
  'access-lifetime': [60, 86_400],
  'hash-cost': [10, 16],
  'local-hits': [0, 1],
  'profile-hits': [0, 1],
  'login-p95-ms': [10, 60_000],
  'refused-share': [1e-6, 0.5],
  'api-cpu': [0.1, 0.95],
  'gateway-cpu': [0.1, 0.95],
  'server-cpu': [0.1, 0.95],
  trough: [0.01, 1],
  'api-cores': [0.5, 64],
  'gateway-cores': [0.1, 64],
  'largest-postgres': [1, 512],
} as const;

export type NumberOption = keyof typeof LIMITS;

/** @throws RangeError naming the option, what it may be, and what it was */
export function checkNumber(option: NumberOption, value: number): number {
  const [least, most] = LIMITS[option];
  if (!(value >= least && value <= most)) {
    throw new RangeError(`${option} must be from ${least} to ${most}, not ${value}`);
  }
  return value;
}

/** @throws RangeError for the first value that is out of range or does not go with another */
export function checkRequest({ demand, targets, machines }: PlanRequest): void {
  const values: [NumberOption, number][] = [
    ['users', demand.users],
    ['peak-logins', demand.peakLoginsPerSecond],
    ['active-minutes', demand.activeMinutes],
    ['verify-every', demand.verifyEverySeconds],
    ['profiles-per-login', demand.profilesPerLogin],
    ['logout-share', demand.logoutShare],
    ['daily-active', demand.dailyActiveShare],
    ['session-days', demand.sessionRetentionDays],
    ['audit-days', demand.auditRetentionDays],
    ['access-lifetime', demand.accessTokenSeconds],
    ['hash-cost', demand.hashing.cost],
    ['local-hits', demand.localHitShare],
    ['profile-hits', demand.profileHitShare],
    ['login-p95-ms', targets.loginP95Ms],
    ['refused-share', targets.refusedShare],
    ['api-cpu', targets.apiUtilisation],
    ['gateway-cpu', targets.gatewayUtilisation],
    ['server-cpu', targets.serverUtilisation],
    ['trough', targets.troughShare],
    ['api-cores', machines.apiPodCores],
    ['gateway-cores', machines.gatewayPodCores],
    ['largest-postgres', machines.largestPostgresCores],
  ];
  for (const [option, value] of values) checkNumber(option, value);
  for (const option of ['users', 'access-lifetime', 'audit-days'] as const) {
    const value = new Map(values).get(option);
    if (!Number.isInteger(value)) throw new RangeError(`${option} must be a whole number, not ${value}`);
  }
  if (demand.accessTokenSeconds >= demand.sessionRetentionDays * SECONDS_PER_DAY) {
    throw new RangeError('access-lifetime must be shorter than session-days');
  }
  checkHashing(demand.hashing);
}

/** @throws RangeError for a cost that the auth API does not have */
export function checkHashing({ algorithm, cost }: Hashing): void {
  if (!Number.isInteger(cost)) throw new RangeError(`hash-cost must be a whole number, not ${cost}`);
  if (algorithm === 'argon2id' && cost < 11) throw new RangeError('hash-cost must be at least 11 with argon2id');
}
