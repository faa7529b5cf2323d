// Holds the planner's model against a measured saturation. See USAGE.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Calibration, Hashing } from '../plan/calibration.ts';
import { readCalibration } from '../plan/calibration-file.ts';
import { administratorOf } from '../run/administrator.ts';
import { type KubernetesObserver, startKubernetesObserver } from '../run/kubernetes-observer.ts';
import { metricsObserver } from '../run/metrics-observer.ts';
import { clusterNamed, hashingOf, isLoopback, type RunOptions } from '../run/run-options.ts';
import { seedUsers } from '../run/seed-users.ts';
import { seedFor, usersFor } from './calibration-users.ts';
import { checkLine, checkModel, isWithinBar, type ModelCheck } from './model-check.ts';
import { measureAtRate, measureSaturation } from './saturation.ts';
import { type TierCheck, tierChecks, tierLine } from './tier-check.ts';

const USAGE = `usage: npm run saturate -w load -- --url URL (--cluster NAMESPACE/NAME | --metrics URL --cores N) [options]
  Logs in as fast as an auth API of your own on this machine answers, then half as fast, and says how far the planner
  was off. Exit code 1 where that is more than 15 % of the rate, or 10 points of the utilisation.
  --calibration  JSON file as of npm run calibrate -w load
  --seconds      how long, each of both (60)
  --concurrency  logins at the same time (6)
  --hash-algorithm, --hash-cost  what the API hashes with (bcrypt, 11)
`;
const LOGINS_A_MINUTE = 6;
/** More logins per second than any machine of ours hashes. */
const MOST_PER_SECOND = { bcrypt: 60, argon2id: 300 };
const PACED_SHARE = 0.5;

interface Options {
  readonly url: string;
  readonly cluster: RunOptions['cluster'];
  readonly metrics: string | undefined;
  readonly cores: number | undefined;
  readonly calibration: Calibration;
  readonly seconds: number;
  readonly concurrency: number;
  readonly hashing: Hashing;
}

async function parsed(args: readonly string[]): Promise<Options> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ url: text, cluster: text, context: text, metrics: text, cores: text, calibration: text },
      seconds: { ...text, default: '60' },
      concurrency: { ...text, default: '6' },
      'hash-algorithm': { ...text, default: 'bcrypt' },
      'hash-cost': { ...text, default: '11' },
    },
  });
  const { url, metrics, cores } = values;
  if (url === undefined) throw new RangeError('url must be given');
  if (!URL.canParse(url) || !isLoopback(new URL(url))) {
    throw new RangeError(`url must be an address of this machine, not ${url}`);
  }
  return {
    url,
    cluster: clusterNamed(values.cluster, values.context),
    metrics,
    cores: cores === undefined ? undefined : positive('cores', cores),
    calibration: await readCalibration(values.calibration && resolve(process.env.INIT_CWD ?? '.', values.calibration)),
    seconds: positive('seconds', values.seconds),
    concurrency: positive('concurrency', values.concurrency),
    hashing: hashingOf(values['hash-algorithm'], values['hash-cost']),
  };
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new RangeError(`${option} must be a number above 0, not ${text}`);
  return value;
}

async function observerOf({ cluster, metrics }: Options): Promise<KubernetesObserver> {
  if (cluster !== undefined) return startKubernetesObserver(cluster);
  if (metrics === undefined) throw new RangeError('cluster or metrics must be given');
  return { observe: metricsObserver(metrics.split(',')), close: () => {} };
}

interface Checks {
  readonly model: readonly ModelCheck[];
  readonly tiers: readonly TierCheck[];
}

async function measure(options: Options, { observe }: KubernetesObserver): Promise<Checks> {
  const { url: baseUrl, calibration, seconds, concurrency, hashing } = options;
  const { tiers: idle = {}, api } = await observe();
  const cores = options.cores ?? idle['auth-api']?.limitCores;
  if (cores === undefined) throw new Error('the pods of the auth API have no CPU limit: nothing says what is full');
  let latest = idle;
  const look = async () => {
    const { api: sample, tiers = {} } = await observe();
    latest = tiers;
    if (sample === undefined) throw new Error('the metrics of the auth API cannot be read');
    return sample;
  };
  const users = usersFor(hashing, userCount(hashing));
  const run = { baseUrl, users, look, seconds };
  const saturated = await measureSaturation(run, concurrency);
  const paced = await measureAtRate(run, PACED_SHARE * saturated.loginsPerSecond);
  process.stdout.write(`${JSON.stringify({ cores, pods: api?.pods, saturated, paced })}\n`);
  return {
    model: checkModel({ cores, pods: api?.pods ?? 1 }, { calibration, hashing }, { saturated, paced }),
    // The last look was at the end of the paced logins.
    tiers: tierChecks(paced.loginsPerSecond, { idle, paced: latest }, { calibration, hashing }),
  };
}

function userCount({ algorithm }: Hashing): number {
  return (MOST_PER_SECOND[algorithm] * 60) / LOGINS_A_MINUTE;
}

/** Whether the model is within its bars. */
async function main(args: readonly string[]): Promise<boolean> {
  const options = await parsed(args);
  const { url: baseUrl, cluster, hashing } = options;
  const administrator = await administratorOf(cluster, process.env);
  await seedUsers({ baseUrl, administrator, passwordSeed: seedFor(hashing), count: userCount(hashing), hashing });
  const observer = await observerOf(options);
  try {
    const { model, tiers } = await measure(options, observer);
    for (const line of [...model.map(checkLine), ...tiers.map(tierLine)]) process.stdout.write(`${line}\n`);
    return model.every(isWithinBar);
  } finally {
    observer.close();
  }
}

try {
  const args = process.argv.slice(2);
  if (args.length === 0 || args.includes('--help')) process.stdout.write(USAGE);
  else process.exitCode = (await main(args)) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
