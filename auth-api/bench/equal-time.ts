import { createHash } from 'node:crypto';
import { ApiProcess } from '../integration/harness/api-process.ts';
import { Client, type Credentials, newCredentials } from '../integration/harness/client.ts';
import { redisCredentials } from '../integration/harness/redis.ts';
import { type Stack, serveEnvironment } from '../integration/harness/stack.ts';
import { usernameKey } from '../src/domain/username.ts';
import { Limits } from '../src/limits/limits.ts';
import { RedisLimitStore } from '../src/limits/redis-limit-store.ts';
import { connectRedisCluster } from '../src/storage/redis/client.ts';
import { password, seedAccounts } from './accounts.ts';
import type { Bar } from './bars.ts';

const cases = ['unknown-user', 'wrong-password', 'locked', 'disabled', 'legacy-hash'] as const;
type Case = (typeof cases)[number];

/** Fewer than lock an account. */
const attemptsOfEach = 8;
const warmUp = 20;

/**
 * Interleaved attempts of each kind that is refused, one at a time. The bar is on the AUC of the best pair: the chance
 * that of two attempts of two kinds the slower is of the kind that is slower on the whole; 0.5 is a coin.
 */
export async function measureEqualTime(stack: Stack, attempts = 1000, cost = 8): Promise<Bar[]> {
  const environment = { ...serveEnvironment(stack), HASH_COST: String(cost), LOGIN_RATE_PER_ACCOUNT: '1000000/60' };
  const api = await ApiProcess.start(environment);
  try {
    const client = new Client(api.url);
    const credentials = await credentialsByCase(stack, attempts, cost);
    const durationsMs = Object.fromEntries(cases.map((name) => [name, [] as number[]])) as Record<Case, number[]>;
    for (let turn = -warmUp; turn < attempts; turn += 1) {
      for (const name of shuffled(cases)) {
        const ofCase = credentials[name];
        const { username } = ofCase[(turn + warmUp) % ofCase.length] ?? newCredentials();
        // Locked and disabled with the right password: nothing else should tell them from a wrong one.
        const presented = name === 'locked' || name === 'disabled' ? password : 'not the password';
        const startedMs = performance.now();
        const { status } = await client.login({ username, password: presented });
        const durationMs = performance.now() - startedMs;
        if (status !== 401) throw new Error(`${name} was answered with ${status}`);
        if (turn >= 0) durationsMs[name].push(durationMs);
      }
    }
    return [equalTimeBar('refusals-told-apart-auc', durationsMs, attempts)];
  } finally {
    await api.stop();
  }
}

async function credentialsByCase(stack: Stack, attempts: number, cost: number): Promise<Record<Case, Credentials[]>> {
  const count = Math.ceil((attempts + warmUp) / attemptsOfEach);
  const md5 = createHash('md5').update(password).digest('hex');
  const locked = await seedAccounts(stack, { count: 20, cost });
  await lock(stack, locked);
  return {
    'unknown-user': Array.from({ length: count }, newCredentials),
    'wrong-password': await seedAccounts(stack, { count, cost }),
    locked,
    disabled: await seedAccounts(stack, { count, cost, status: 'disabled' }),
    'legacy-hash': await seedAccounts(stack, { count, hash: md5 }),
  };
}

/** As wrong passwords do, but for longer than the measurement takes. */
async function lock({ redisPorts }: Stack, accounts: readonly Credentials[]): Promise<void> {
  const nodes = redisPorts.map((port) => ({ host: '127.0.0.1', port }));
  const redis = connectRedisCluster(nodes, { login: () => redisCredentials, tls: undefined, onError: () => {} });
  const daySeconds = 86_400;
  const store = new RedisLimitStore(redis.scripts, { commandTimeoutMs: 5_000 });
  const policy = { threshold: 1, firstLockSeconds: daySeconds, longestLockSeconds: daySeconds };
  const limits = new Limits({
    rules: {},
    lockout: { ...policy, memorySeconds: 2 * daySeconds },
    shared: store,
    fallback: store,
  });
  try {
    await redis.readyWithin(10_000);
    for (const { username } of accounts) await limits.recordFailure(usernameKey(username));
  } finally {
    redis.disconnect();
  }
}

/** @param durationsMs of each kind */
export function equalTimeBar(
  name: string,
  durationsMs: Readonly<Record<string, readonly number[]>>,
  attempts: number,
): Bar {
  const details: Record<string, number> = { attemptsOfEach: attempts };
  let worst = 0.5;
  const kinds = Object.keys(durationsMs);
  for (const [at, one] of kinds.entries()) {
    for (const other of kinds.slice(at + 1)) {
      const auc = areaUnderCurve(durationsMs[one] ?? [], durationsMs[other] ?? []);
      const distinct = Math.max(auc, 1 - auc);
      details[`${one} / ${other}`] = distinct;
      worst = Math.max(worst, distinct);
    }
  }
  return { name, value: worst, limit: 0.6, direction: 'at-most', details };
}

/** The Mann-Whitney statistic as a share: how often a value of `one` is below one of `other`. */
function areaUnderCurve(one: readonly number[], other: readonly number[]): number {
  let below = 0;
  for (const a of one) for (const b of other) below += a === b ? 0.5 : Number(a < b);
  return below / (one.length * other.length);
}

export function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
