// Hash throughput of the pool against bcrypt.compareSync alone in as many threads, in alternating rounds of one run.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import bcrypt from 'bcrypt';
import { HashingPool } from '../src/security/hashing/hashing-pool.ts';
import { hashPolicy } from '../src/security/hashing/policy.ts';

const password = 'correct horse battery staple';

/** Comparisons a second of `threads` threads that do nothing else. */
export async function compareSyncThroughput(threads: number, hash: string, durationMs: number): Promise<number> {
  const url = new URL('./compare-sync-worker.ts', import.meta.url);
  const rates = Array.from({ length: threads }, () => {
    const worker = new Worker(url, { workerData: { password, hash, durationMs } });
    return new Promise<number>((resolve, reject) => worker.once('message', resolve).once('error', reject));
  });
  return (await Promise.all(rates)).reduce((sum, rate) => sum + rate, 0);
}

/** Verifications a second of the pool with twice as many callers as threads. */
async function poolThroughput(threads: number, cost: number, hash: string, durationMs: number): Promise<number> {
  const nowMs = () => performance.now();
  const pool = new HashingPool({
    policy: hashPolicy('bcrypt', cost),
    workers: threads,
    queueLength: 2 * threads,
    nowMs,
  });
  await Promise.all(Array.from({ length: threads }, () => pool.verify(password, hash)));
  const started = nowMs();
  let verified = 0;
  const callers = Array.from({ length: 2 * threads }, async () => {
    while (nowMs() - started < durationMs) {
      await pool.verify(password, hash);
      verified += 1;
    }
  });
  await Promise.all(callers);
  const rate = (verified * 1000) / (nowMs() - started);
  await pool.close();
  return rate;
}

export interface HashingThroughput {
  readonly poolPerSecond: number;
  readonly compareSyncPerSecond: number;
}

export async function measureHashing(cost = 10, rounds = 3, durationMs = 3000): Promise<HashingThroughput> {
  const threads = availableParallelism();
  const hash = bcrypt.hashSync(password, cost);
  let [poolSum, compareSyncSum] = [0, 0];
  for (let round = 0; round < rounds; round += 1) {
    compareSyncSum += await compareSyncThroughput(threads, hash, durationMs);
    poolSum += await poolThroughput(threads, cost, hash, durationMs);
  }
  return { poolPerSecond: poolSum / rounds, compareSyncPerSecond: compareSyncSum / rounds };
}

if (import.meta.main) {
  const { poolPerSecond, compareSyncPerSecond } = await measureHashing();
  const ratio = poolPerSecond / compareSyncPerSecond;
  const result = ratio >= 0.9 ? 'ok' : 'missed';
  process.stdout.write(`hashing-pool-vs-compare-sync ${ratio.toFixed(3)} 0.9 ${result}\n`);
  process.stdout.write(`  pool ${poolPerSecond.toFixed(1)}/s, compareSync ${compareSyncPerSecond.toFixed(1)}/s\n`);
  process.exitCode = ratio >= 0.9 ? 0 : 1;
}
