// One thread of measureHashing: compares one password again and again.
import { argon2Sync } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import bcrypt from 'bcrypt';
import type { HashingCount, HashingTask } from './hashing.ts';

const password = 'correct horse battery staple';

function count({ algorithm, cost, durationMs }: HashingTask): HashingCount {
  const compare = algorithm === 'bcrypt' ? bcryptComparison(cost) : argon2idHash(cost);
  compare();
  const started = performance.now();
  const cpuStarted = cpuMs();
  let hashes = 0;
  while (performance.now() - started < durationMs) {
    compare();
    hashes += 1;
  }
  return { hashes, cpuMs: cpuMs() - cpuStarted };
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function bcryptComparison(cost: number): () => unknown {
  const hash = bcrypt.hashSync(password, cost);
  return () => bcrypt.compareSync(password, hash);
}

/** 19 MiB and one lane, as the auth API hashes. */
function argon2idHash(cost: number): () => unknown {
  const parameters = { message: password, nonce: Buffer.alloc(16), parallelism: 1, tagLength: 32, memory: 19 * 1024 };
  return () => argon2Sync('argon2id', { ...parameters, passes: 2 ** (cost - 10) });
}

parentPort?.postMessage(count(workerData as HashingTask));
