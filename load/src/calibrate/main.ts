// Measures what things cost and writes a calibration for the planner. See USAGE.
import { writeFile } from 'node:fs/promises';
import { arch, availableParallelism, cpus } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Calibration, DEFAULT_CALIBRATION, type Hashing, hashMs, parseCalibration } from '../plan/calibration.ts';
import { administratorOf } from '../run/administrator.ts';
import { startKubernetesObserver } from '../run/kubernetes-observer.ts';
import { metricsObserver } from '../run/metrics-observer.ts';
import type { Observer } from '../run/observation.ts';
import { clusterNamed, hashingOf, isLoopback } from '../run/run-options.ts';
import { seedUsers } from '../run/seed-users.ts';
import { measureApiCosts } from './api-costs.ts';
import { seedFor, usersFor } from './calibration-users.ts';
import { measureHashing } from './hashing.ts';

const USAGE = `usage: npm run calibrate -w load -- [FILE] [options]
  Measures hashing on this machine (a few seconds with all cores busy). With a running auth API of your own, on
  this machine, also what its requests cost; nobody else should use it meanwhile.
  --url       where the API answers
  --cluster   namespace/name of the AuthCluster behind it (with --context for another kubectl context), or
  --metrics   metrics addresses of the API, comma-separated
  --hash-algorithm, --hash-cost  what the API hashes with (bcrypt, 11)
`;

const HASHING_MS = 3000;
const USERS = 40;

async function hashingCosts(): Promise<Calibration['hashing'] & { machine: string }> {
  const threads = availableParallelism();
  const { bcryptCost, argon2idCost, argon2idMemoryMib } = DEFAULT_CALIBRATION.hashing;
  const bcrypt = await measureHashing({ algorithm: 'bcrypt', cost: bcryptCost, durationMs: HASHING_MS }, threads);
  const argon2id = await measureHashing({ algorithm: 'argon2id', cost: argon2idCost, durationMs: HASHING_MS }, threads);
  const [bcryptMs, argon2idMs] = [round(bcrypt.hashMs), round(argon2id.hashMs)];
  const machine = `${cpus()[0]?.model ?? 'unknown CPU'} (${arch()}), ${threads} threads busy`;
  return { bcryptMs, bcryptCost, argon2idMs, argon2idCost, argon2idMemoryMib, machine };
}

/** Pods with CPU counters, as of a Kubernetes cluster or of addresses; closed at the end. */
async function observer(values: Options): Promise<{ observe: Observer; close: () => void }> {
  const cluster = clusterNamed(values.cluster, values.context);
  if (cluster !== undefined) return startKubernetesObserver(cluster);
  if (values.metrics === undefined) throw new RangeError('cluster or metrics must be given with url');
  return { observe: metricsObserver(values.metrics.split(',')), close: () => {} };
}

async function apiCosts(
  baseUrl: string,
  values: Options,
  { hashing, hashMs }: { readonly hashing: Hashing; readonly hashMs: number },
): Promise<Omit<Calibration['api'], 'logoutHeardMs'>> {
  if (!URL.canParse(baseUrl) || !isLoopback(new URL(baseUrl))) {
    throw new RangeError(`url must be an address of this machine, not ${baseUrl}`);
  }
  const users = usersFor(hashing, USERS);
  const administrator = await administratorOf(clusterNamed(values.cluster, values.context), process.env);
  await seedUsers({ baseUrl, administrator, passwordSeed: seedFor(hashing), count: USERS, hashing });
  const { observe, close } = await observer(values);
  let memoryMib = DEFAULT_CALIBRATION.api.memoryMib;
  const look = async () => {
    const { api } = await observe();
    if (api === undefined) throw new Error('the metrics of the auth API cannot be read');
    memoryMib = Math.max(memoryMib, Math.ceil(api.memoryMib / api.pods));
    return api;
  };
  const cpuSeconds = async () => (await look()).cpuSeconds;
  const pods = async () => (await look()).pods;
  try {
    return { ...(await measureApiCosts({ baseUrl, users, cpuSeconds, pods, pause, hashMs })), memoryMib };
  } finally {
    close();
  }
}

interface Options {
  readonly url?: string | undefined;
  readonly cluster?: string | undefined;
  readonly context?: string | undefined;
  readonly metrics?: string | undefined;
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    ...{ url: text, cluster: text, context: text, metrics: text },
    'hash-algorithm': { ...text, default: 'bcrypt' },
    'hash-cost': { ...text, default: '11' },
  };
  return parseArgs({ args: [...args], options, allowPositionals: true });
}

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parsed(args);
  const hashing = hashingOf(values['hash-algorithm'], values['hash-cost']);
  const { machine, ...costs } = await hashingCosts();
  const eachMs = hashMs({ ...DEFAULT_CALIBRATION, hashing: costs }, hashing);
  const api = values.url === undefined ? undefined : await apiCosts(values.url, values, { hashing, hashMs: eachMs });
  const measured = api === undefined ? 'hashing measured' : 'hashing and API measured';
  const calibration = { source: `${measured} on ${machine}; the rest are defaults`, hashing: costs, api };
  const text = `${JSON.stringify(parseCalibration(calibration), null, 2)}\n`;
  const [file] = positionals;
  if (file === undefined) process.stdout.write(text);
  else await writeFile(resolve(process.env.INIT_CWD ?? '.', file), text);
  process.stderr.write(`${JSON.stringify({ ...costs, ...api })}\n`);
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

try {
  const args = process.argv.slice(2);
  if (args.includes('--help')) process.stdout.write(USAGE);
  else await main(args);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
