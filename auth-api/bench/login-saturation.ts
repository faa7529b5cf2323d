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
const probe = { perSecond: 200, requests: 2_000 };
/** As in the load scenario normal-login: a user checks a token ten times, and the first pod to do so has not seen it. */
const checksOfEach = 10;
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
  // As Node.js runs it unless told otherwise: four threads.
  const libuv = { ...environment, NODE_OPTIONS: `--import ${libuvHashing}` };
  const servers = { pool: environment, libuv, libuvOfTen: { ...libuv, UV_THREADPOOL_SIZE: String(hashingThreads) } };
  const measured = { pool: [] as Round[], libuv: [] as Round[], libuvOfTen: [] as Round[] };
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, variables] of Object.entries(servers) as [keyof typeof servers, Record<string, string>][]) {
      measured[name].push(await measureRound(stack, variables, accounts));
    }
  }
  return barsOf(measured);
}

function barsOf(measured: Record<'pool' | 'libuv' | 'libuvOfTen', Round[]>): Bar[] {
  const ratios = measured.pool.map(({ p99Ms }, round) => p99Ms / (measured.libuv[round]?.p99Ms ?? Number.NaN));
  const failed = measured.pool.reduce((sum, round) => sum + round.failed, 0);
  const details: Record<string, number> = { probePriority: measured.pool[0]?.priority ?? 0 };
  for (const [name, results] of Object.entries(measured)) {
    details[`${name}P50Ms`] = median(results.map(({ p50Ms }) => p50Ms));
    details[`${name}P99Ms`] = median(results.map(({ p99Ms }) => p99Ms));
    details[`${name}KnownP99Ms`] = median(results.map(({ knownP99Ms }) => knownP99Ms));
    details[`${name}Logins`] = results.reduce((sum, { logins }) => sum + logins, 0);
  }
  return [
    { name: 'verify-p99-in-login-rush-vs-libuv', value: median(ratios), limit: 0.1, direction: 'at-most', details },
    { name: 'verify-failures-in-login-rush', value: failed, limit: 0, direction: 'at-most', details },
  ];
}

async function measureRound(
  stack: Stack,
  environment: Record<string, string>,
  accounts: readonly Credentials[],
): Promise<Round> {
  const elsewhere = await sessionsOfAnotherPod(stack);
  const api = await ApiProcess.start(environment);
  const rush = new ClientProcess<LoginRush, LoginRushResult>('login-rush.ts');
  const prober = new ClientProcess<Probe, ProbeResult>('probe.ts');
  try {
    const here = await openSessions(new Client(api.url), accounts.slice(0, 10));
    const tokensHere = here.map((each) => each.access_token);
    const tokens = Array.from({ length: probe.requests }, (_, turn) => {
      return (isFirstCheck(turn) ? elsewhere[turn / checksOfEach] : tokensHere[turn % tokensHere.length]) ?? '';
    });
    const durationMs = rushLeadMs + (probe.requests * 1000) / probe.perSecond;
    const rushing = rush.run({ url: api.url, accounts, users, durationMs });
    await delay(rushLeadMs);
    const { durationsMs, failed, priority } = await prober.run({ url: api.url, tokens, perSecond: probe.perSecond });
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

function isFirstCheck(turn: number): boolean {
  return turn % checksOfEach === 0;
}

/** Tokens that the measured pod has not signed, of sessions that it does not know. */
async function sessionsOfAnotherPod(stack: Stack): Promise<string[]> {
  const api = await ApiProcess.start(serveEnvironment(stack));
  try {
    const accounts = await seedAccounts(stack, { count: probe.requests / checksOfEach });
    const tokens = await openSessions(new Client(api.url), accounts);
    return tokens.map((each) => each.access_token);
  } finally {
    await api.stop();
  }
}
