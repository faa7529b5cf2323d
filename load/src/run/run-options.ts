import { parseArgs } from 'node:util';
import { SCENARIOS, type ScenarioName, scaledShape } from '../../scenarios/scenario-shapes.ts';
import type { Hashing } from '../plan/calibration.ts';
import { checkHashing, checkNumber } from '../plan/request-rules.ts';

const SEEDINGS = ['yes', 'no', 'only', 'delete'] as const;
export type Seeding = (typeof SEEDINGS)[number];

export interface RunOptions {
  readonly scenario: ScenarioName;
  readonly scale: number;
  readonly timeScale: number;
  readonly rampDown: number;
  readonly baseUrl: string;
  readonly passwordSeed: string;
  /** `only` makes the users and no load, `delete` deletes them; `no`: they are there already. */
  readonly seeding: Seeding;
  readonly cluster: { readonly namespace: string; readonly name: string; readonly context?: string } | undefined;
  readonly metricsUrls: readonly string[];
  /** Where the results go; undefined: a folder named after scenario and time. */
  readonly outputDirectory: string | undefined;
  readonly note: string;
  /** What the system under test hashes with, and what that costs: for the comparison with the planner's model. */
  readonly hashing: Hashing;
  readonly calibrationFile: string | undefined;
}

export const RUN_USAGE = `usage: npm run load-test -w load -- --scenario NAME [options]
  --scenario       ${Object.keys(SCENARIOS).join(', ')}
  --scale          share of the users, and with them of every rate (0.01)
  --time-scale     share of every duration; rates grow by its inverse (1)
  --ramp-down      share of the duration of normal-login, at its end, in which the users leave (0)
  --url            where the gateway or the API answers (http://127.0.0.1:8080)
  --allow-remote   needed for any address that is not this machine's: load only what is yours
  --cluster        namespace/name of the AuthCluster to watch
  --context        kubectl's context (the current one)
  --metrics        metrics addresses of the API instead, comma-separated
  --users          yes makes them before, where they are not there; only makes them and no load; delete; no (yes)
  --password-seed  decides the users' names and password (load)
  --out            folder for the results (.make/load/<scenario>-<time>)
  --note           shown in the report
  --hash-algorithm, --hash-cost  what the API hashes with (bcrypt, 11)
  --calibration    JSON file as of npm run calibrate -w load: what the planner's model is compared with`;

const OPTIONS = {
  scenario: { type: 'string' },
  scale: { type: 'string', default: '0.01' },
  'time-scale': { type: 'string', default: '1' },
  'ramp-down': { type: 'string', default: '0' },
  url: { type: 'string', default: 'http://127.0.0.1:8080' },
  'allow-remote': { type: 'boolean', default: false },
  cluster: { type: 'string' },
  context: { type: 'string' },
  metrics: { type: 'string', default: '' },
  users: { type: 'string', default: 'yes' },
  'password-seed': { type: 'string', default: 'load' },
  out: { type: 'string' },
  note: { type: 'string', default: '' },
  'hash-algorithm': { type: 'string', default: 'bcrypt' },
  'hash-cost': { type: 'string', default: '11' },
  calibration: { type: 'string' },
} as const;

/** @throws RangeError naming the option that is missing, unknown or out of range */
export function parseRunOptions(args: readonly string[]): RunOptions {
  const { values } = parsed(args);
  const scenario = Object.keys(SCENARIOS).find((name): name is ScenarioName => name === values.scenario);
  if (scenario === undefined) {
    throw new RangeError(`scenario must be one of ${Object.keys(SCENARIOS).join(', ')}, not ${values.scenario}`);
  }
  const scales = {
    scale: Number(values.scale),
    timeScale: Number(values['time-scale']),
    rampDown: Number(values['ramp-down']),
  };
  scaledShape(scenario, scales);
  const seeding = SEEDINGS.find((each) => each === values.users);
  if (seeding === undefined) throw new RangeError(`users must be one of ${SEEDINGS.join(', ')}, not ${values.users}`);
  return {
    scenario,
    ...scales,
    baseUrl: checkedUrl(values.url, values['allow-remote']),
    passwordSeed: values['password-seed'],
    seeding,
    cluster: clusterNamed(values.cluster, values.context),
    metricsUrls: values.metrics.split(',').filter((url) => url !== ''),
    outputDirectory: values.out,
    note: values.note,
    hashing: hashingOf(values['hash-algorithm'], values['hash-cost']),
    calibrationFile: values.calibration,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false });
  } catch (error) {
    throw new RangeError(error instanceof Error ? error.message : String(error));
  }
}

export function isLoopback(url: URL): boolean {
  return /^(127(\.\d+){3}|localhost|\[::1\])$/.test(url.hostname);
}

function checkedUrl(text: string, allowRemote: boolean): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new RangeError(`url must be an http or https address, not ${text}`);
  }
  if (!isLoopback(new URL(text)) && !allowRemote) {
    throw new RangeError(`url ${text} is not this machine: add --allow-remote if that service is yours to load`);
  }
  return text.replace(/\/+$/, '');
}

/** @throws RangeError for an algorithm or a cost that the auth API does not have */
export function hashingOf(algorithm: string, cost: string): Hashing {
  if (algorithm !== 'bcrypt' && algorithm !== 'argon2id') {
    throw new RangeError(`hash-algorithm must be bcrypt or argon2id, not ${algorithm}`);
  }
  const checked = checkNumber('hash-cost', Number(cost));
  checkHashing({ algorithm, cost: checked });
  return { algorithm, cost: checked };
}

/** @throws RangeError for what is not namespace/name */
export function clusterNamed(text: string | undefined, context: string | undefined): RunOptions['cluster'] {
  if (text === undefined) return undefined;
  const [, namespace, name] = /^([a-z0-9-]+)\/([a-z0-9-]+)$/.exec(text) ?? [];
  if (namespace === undefined || name === undefined)
    throw new RangeError(`cluster must be namespace/name, not ${text}`);
  return { namespace, name, ...(context === undefined ? {} : { context }) };
}
