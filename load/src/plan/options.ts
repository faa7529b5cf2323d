import { parseArgs } from 'node:util';
import { checkNumber, type NumberOption } from './request-rules.ts';
import type { PlanRequest } from './workload.ts';

export interface PlanOptions {
  readonly request: PlanRequest;
  readonly name: string;
  readonly calibrationFile: string | undefined;
  readonly output: 'report' | 'spec' | 'json';
}

/** Every numeric option with its default, as text, and what it means; users and peak-logins must be given. */
const NUMBERS: Record<NumberOption, [string | undefined, string]> = {
  users: [undefined, 'accounts'],
  'peak-logins': [undefined, 'login attempts per second at the peak'],
  'active-minutes': ['15', 'minutes that a logged-in user works'],
  'verify-every': ['20', 'seconds between two checks of one active user'],
  'profiles-per-login': ['1', 'profile reads per login'],
  'logout-share': ['1', 'share of logins whose session ends by a log-out'],
  'daily-active': ['0.1', 'share of users that log in on one day'],
  'session-days': ['30', 'days for which a session is kept'],
  'audit-days': ['365', 'days for which the audit log is kept'],
  'access-lifetime': ['300', 'seconds of an access token'],
  'hash-cost': ['11', 'cost of a password hash'],
  'local-hits': ['0.9', 'share of checks answered from the memory of a pod'],
  'profile-hits': ['0.9', 'share of profile reads answered from caches'],
  'login-p95-ms': ['500', 'target: login latency, 95th percentile'],
  'refused-share': ['0.001', 'target: share of logins refused for a full queue'],
  'api-cpu': ['0.5', 'target: CPU of the auth API at which pods are added'],
  'gateway-cpu': ['0.6', 'target: CPU of the gateway at which pods are added'],
  'server-cpu': ['0.6', 'target: CPU of PostgreSQL, PgBouncer, Redis and main threads'],
  trough: ['0.3', 'lowest load of the day, relative to the peak'],
  'api-cores': ['4', 'cores of an auth API pod'],
  'gateway-cores': ['1', 'cores of a gateway pod'],
  'largest-postgres': ['32', 'cores of the largest machine for PostgreSQL'],
};

export const USAGE = [
  'usage: npm run plan -- --users N --peak-logins N [options]',
  ...Object.entries(NUMBERS).map(
    ([name, [preset, meaning]]) => `  --${name.padEnd(20)} ${meaning}${preset === undefined ? '' : ` (${preset})`}`,
  ),
  '  --hash-algorithm       bcrypt or argon2id (bcrypt)',
  '  --calibration          JSON file of what things cost; `npm run calibrate -w load` writes one',
  '  --name                 name of the AuthCluster (production)',
  '  --output               report, spec (YAML alone) or json (report)',
].join('\n');

/** @throws RangeError naming the option that is missing, unknown or out of range */
export function parsePlanOptions(args: readonly string[]): PlanOptions {
  const { values } = parsed(args);
  const number = (option: NumberOption): number => {
    const text = values[option] ?? NUMBERS[option][0];
    if (text === undefined) throw new RangeError(`${option} is missing`);
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isNaN(value)) throw new RangeError(`${option} must be a number, such as 1000 or 0.5, not '${text}'`);
    return checkNumber(option, value);
  };
  const algorithm = oneOf('hash-algorithm', values['hash-algorithm'] ?? 'bcrypt', ['bcrypt', 'argon2id'] as const);
  const request: PlanRequest = {
    demand: {
      users: number('users'),
      peakLoginsPerSecond: number('peak-logins'),
      activeMinutes: number('active-minutes'),
      verifyEverySeconds: number('verify-every'),
      profilesPerLogin: number('profiles-per-login'),
      logoutShare: number('logout-share'),
      dailyActiveShare: number('daily-active'),
      sessionRetentionDays: number('session-days'),
      auditRetentionDays: number('audit-days'),
      accessTokenSeconds: number('access-lifetime'),
      hashing: { algorithm, cost: number('hash-cost') },
      localHitShare: number('local-hits'),
      profileHitShare: number('profile-hits'),
    },
    targets: {
      loginP95Ms: number('login-p95-ms'),
      refusedShare: number('refused-share'),
      apiUtilisation: number('api-cpu'),
      gatewayUtilisation: number('gateway-cpu'),
      serverUtilisation: number('server-cpu'),
      troughShare: number('trough'),
    },
    machines: {
      apiPodCores: number('api-cores'),
      gatewayPodCores: number('gateway-cores'),
      largestPostgresCores: number('largest-postgres'),
    },
  };
  return {
    request,
    name: checkedName(values.name ?? 'production'),
    calibrationFile: values.calibration,
    output: oneOf('output', values.output ?? 'report', ['report', 'spec', 'json'] as const),
  };
}

function parsed(args: readonly string[]): { values: Record<string, string | undefined> } {
  const names = [...Object.keys(NUMBERS), 'hash-algorithm', 'calibration', 'name', 'output'];
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
  } catch (error) {
    throw new RangeError(error instanceof Error ? error.message : String(error));
  }
}

/** As the AuthCluster resource has it. */
function checkedName(name: string): string {
  if (name.length > 40 || !/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name)) {
    throw new RangeError(
      `name must have at most 40 characters, begin with a letter and hold only lower-case letters, digits and dashes, not '${name}'`,
    );
  }
  return name;
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new RangeError(`${option} must be one of ${allowed.join(', ')}, not ${value}`);
  return found;
}
