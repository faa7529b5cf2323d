import { availableParallelism } from 'node:os';
import bcrypt from 'bcrypt';
import { ApiProcess } from '../integration/harness/api-process.ts';
import { Client, type Credentials } from '../integration/harness/client.ts';
import { type Stack, serveEnvironment } from '../integration/harness/stack.ts';
import { openSessions, password, seedAccounts } from './accounts.ts';
import { type Bar, median, quantile } from './bars.ts';
import { LoginClient } from './clients/log-in.ts';
import { compareSyncThroughput } from './hashing.ts';
import { metricSum } from './metric-values.ts';

const roundMs = 4_000;
const rounds = 3;
// A pod serves for days, and is not compiling what a login runs.
const warmUpLogins = 100;
/** Of each account, before logins are counted. */
const warmUpRounds = 10;

/** Whole logins, over HTTP and into PostgreSQL, against nothing but bcrypt.compareSync in as many threads. */
export async function measureLogins(stack: Stack): Promise<Bar[]> {
  const cost = 10;
  const threads = availableParallelism();
  const accounts = await seedAccounts(stack, { count: 40, cost });
  const api = await ApiProcess.start({
    ...serveEnvironment(stack),
    HASH_COST: String(cost),
    HASH_WORKERS: String(threads),
    HASH_QUEUE_LENGTH: String(4 * threads),
  });
  try {
    const client = new Client(api.url);
    for (let round = 0; round < warmUpRounds; round += 1) await openSessions(client, accounts);
    const hash = bcrypt.hashSync(password, cost);
    const measured: { logins: number; compareSync: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const compareSync = await compareSyncThroughput(threads, hash, roundMs);
      measured.push({ logins: await loginsPerSecond(api.url, accounts, 2 * threads), compareSync });
    }
    const value = median(measured.map(({ logins, compareSync }) => logins / compareSync));
    const details = {
      loginsPerSecond: median(measured.map(({ logins }) => logins)),
      compareSyncPerSecond: median(measured.map(({ compareSync }) => compareSync)),
      threads,
    };
    return [{ name: 'logins-vs-compare-sync', value, limit: 0.9, direction: 'at-least', details }];
  } finally {
    await api.stop();
  }
}

async function loginsPerSecond(url: string, accounts: readonly Credentials[], atOnce: number): Promise<number> {
  const startedMs = performance.now();
  let done = 0;
  const user = async (_: unknown, first: number) => {
    const client = new LoginClient(url);
    for (let turn = first; performance.now() - startedMs < roundMs; turn += atOnce) {
      const account = accounts[turn % accounts.length] ?? { username: '', password };
      if ((await client.logIn(account)) === 200) done += 1;
    }
    client.close();
  };
  await Promise.all(Array.from({ length: atOnce }, user));
  return (done * 1000) / (performance.now() - startedMs);
}

/** One login at a time on a pod that does nothing else, at the default cost. */
export async function measureIdleLogin(stack: Stack): Promise<Bar[]> {
  const cost = 11;
  const accounts = await seedAccounts(stack, { count: warmUpLogins, cost });
  const api = await ApiProcess.start({ ...serveEnvironment(stack), HASH_COST: String(cost) });
  try {
    const client = new Client(api.url);
    await openSessions(client, accounts);
    const [wholeMs, outsideMs]: [number[], number[]] = [[], []];
    const hashedSeconds = () => metricSum(api.opsUrl, 'password_hashing_seconds_sum', { kind: 'verify', phase: 'run' });
    let hashedBefore = await hashedSeconds();
    for (let turn = 0; turn < 60; turn += 1) {
      const startedMs = performance.now();
      const { status } = await client.login(accounts[turn % accounts.length] ?? { username: '', password });
      const durationMs = performance.now() - startedMs;
      if (status !== 200) throw new Error(`a login answered ${status}`);
      const hashed = await hashedSeconds();
      wholeMs.push(durationMs);
      outsideMs.push(durationMs - (hashed - hashedBefore) * 1000);
      hashedBefore = hashed;
    }
    const details = { wholeMedianMs: median(wholeMs), outsideMedianMs: median(outsideMs), logins: wholeMs.length };
    return [
      {
        name: 'idle-login-outside-hashing-p95-ms',
        value: quantile(outsideMs, 0.95),
        limit: 15,
        direction: 'at-most',
        details,
      },
      { name: 'idle-login-p95-ms', value: quantile(wholeMs, 0.95), limit: 150, direction: 'at-most', details },
    ];
  } finally {
    await api.stop();
  }
}
