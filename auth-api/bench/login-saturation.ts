import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ApiProcess } from '../integration/harness/api-process.ts';
import { Client, type Credentials } from '../integration/harness/client.ts';
import { type Stack, serveEnvironment } from '../integration/harness/stack.ts';
import { openSessions, seedAccounts } from './accounts.ts';
import { type Bar, median, quantile } from './bars.ts';
import { ClientProcess } from './client-process.ts';
import type { LoginRush, LoginRushResult } from './clients/login-rush.ts';
import type { Probe, ProbeResult } from './clients/probe.ts';

const cost = 11;
const users = 16;
const hashingThreads = 10;
/** As the pod of a service in use is asked, and as one that has next to nothing to do. */
const perSecond = { busy: 1_000, quiet: 200 };
const probeSeconds = 10;
/** What the first pod to be asked about a session has not seen: those of ten checks a session at the lower rate. */
const firstChecksPerSecond = 20;
const rushLeadMs = 1_000;
const rounds = 3;
const libuvHashing = fileURLToPath(new URL('./servers/libuv-hashing.ts', import.meta.url));

interface Round {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the checks that ask no other process. */
  readonly knownP99Ms: number;
  readonly failed: number;
  readonly logins: number;
  readonly priority: number;
}

/** /verify while more users log in than the CPU can serve; and the same with hashing on libuv's threads. */
export async function measureLoginSaturation(stack: Stack): Promise<Bar[]> {
  const accounts = await seedAccounts(stack, { count: 40, cost });
  const environment = {
    ...serveEnvironment(stack),
    // As a pod has them: a new connection looks the name up, and that is done on libuv's threads.
    POSTGRES_WRITE_HOST: 'localhost',
    POSTGRES_READ_HOST: 'localhost',
    HASH_COST: String(cost),
    HASH_WORKERS: String(hashingThreads),
    HASH_QUEUE_LENGTH: '',
  };
  const servers = { pool: environment, libuv: { ...environment, NODE_OPTIONS: `--import ${libuvHashing}` } };
  const measured = { busy: { pool: [], libuv: [] } as Measured, quiet: { pool: [], libuv: [] } as Measured };
  for (let round = 0; round < rounds; round += 1) {
    for (const rate of ['busy', 'quiet'] as const) {
      for (const server of ['pool', 'libuv'] as const) {
        measured[rate][server].push(await measureRound(stack, servers[server], accounts, perSecond[rate]));
      }
    }
  }
  return barsOf(measured);
}

type Measured = Record<'pool' | 'libuv', Round[]>;

function barsOf({ busy, quiet }: Record<'busy' | 'quiet', Measured>): Bar[] {
  const failed = [...busy.pool, ...quiet.pool].reduce((sum, round) => sum + round.failed, 0);
  const details = { probePriority: busy.pool[0]?.priority ?? 0, quietRatio: ratioOf(quiet) };
  for (const [rate, servers] of Object.entries({ busy, quiet })) {
    for (const [name, results] of Object.entries(servers)) {
      Object.assign(details, {
        [`${rate}${name}P50Ms`]: median(results.map(({ p50Ms }) => p50Ms)),
        [`${rate}${name}P99Ms`]: median(results.map(({ p99Ms }) => p99Ms)),
        [`${rate}${name}KnownP99Ms`]: median(results.map(({ knownP99Ms }) => knownP99Ms)),
        [`${rate}${name}Logins`]: results.reduce((sum, { logins }) => sum + logins, 0),
      });
    }
  }
  const value = ratioOf(busy);
  return [
    { name: 'verify-p99-in-login-rush-vs-libuv', value, limit: 0.1, direction: 'at-most', details },
    { name: 'verify-failures-in-login-rush', value: failed, limit: 0, direction: 'at-most', details },
  ];
}

/** Round by round: what else the machine does weighs on both. */
function ratioOf({ pool, libuv }: Measured): number {
  return median(pool.map(({ p99Ms }, round) => p99Ms / (libuv[round]?.p99Ms ?? Number.NaN)));
}

async function measureRound(
  stack: Stack,
  environment: Record<string, string>,
  accounts: readonly Credentials[],
  checksPerSecond: number,
): Promise<Round> {
  const elsewhere = await sessionsOfAnotherPod(stack);
  const checksOfEach = checksPerSecond / firstChecksPerSecond;
  const isFirstCheck = (turn: number) => turn % checksOfEach === 0;
  const api = await ApiProcess.start(environment);
  const rush = new ClientProcess<LoginRush, LoginRushResult>('login-rush.ts');
  const prober = new ClientProcess<Probe, ProbeResult>('probe.ts');
  try {
    const here = await openSessions(new Client(api.url), accounts.slice(0, 10));
    const tokensHere = here.map((each) => each.access_token);
    const tokens = Array.from({ length: checksPerSecond * probeSeconds }, (_, turn) => {
      return (isFirstCheck(turn) ? elsewhere[turn / checksOfEach] : tokensHere[turn % tokensHere.length]) ?? '';
    });
    const durationMs = rushLeadMs + probeSeconds * 1000;
    const rushing = rush.run({ url: api.url, accounts, users, durationMs });
    await delay(rushLeadMs);
    const { durationsMs, failed, priority } = await prober.run({ url: api.url, tokens, perSecond: checksPerSecond });
    const logins = await rushing;
    const known = durationsMs.filter((_, turn) => !isFirstCheck(turn));
    return {
      p50Ms: median(durationsMs),
      p99Ms: quantile(durationsMs, 0.99),
      knownP99Ms: quantile(known, 0.99),
      failed,
      logins,
      priority,
    };
  } finally {
    await Promise.all([rush.stop(), prober.stop(), api.stop()]);
  }
}

/** Tokens that the measured pod has not signed, of sessions that it does not know. */
async function sessionsOfAnotherPod(stack: Stack): Promise<string[]> {
  const api = await ApiProcess.start(serveEnvironment(stack));
  try {
    const accounts = await seedAccounts(stack, { count: firstChecksPerSecond * probeSeconds });
    const tokens = await openSessions(new Client(api.url), accounts);
    return tokens.map((each) => each.access_token);
  } finally {
    await api.stop();
  }
}
