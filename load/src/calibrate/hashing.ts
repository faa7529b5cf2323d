import { Worker } from 'node:worker_threads';

export interface HashingMeasurement {
  /** CPU per hash with every thread busy, which is how hashing saturates; what else runs on the machine adds little. */
  readonly hashMs: number;
  readonly threads: number;
  readonly hashes: number;
}

/** What a thread is told. */
export interface HashingTask {
  readonly algorithm: 'bcrypt' | 'argon2id';
  readonly cost: number;
  readonly durationMs: number;
}

/** What it answers. */
export interface HashingCount {
  readonly hashes: number;
  readonly cpuMs: number;
}

/** Compares passwords in as many threads for as long, and takes the mean. */
export async function measureHashing(task: HashingTask, threads: number): Promise<HashingMeasurement> {
  const counts = await Promise.all(Array.from({ length: threads }, () => countInThread(task)));
  const hashes = counts.reduce((sum, count) => sum + count.hashes, 0);
  const cpuMs = counts.reduce((sum, count) => sum + count.cpuMs, 0);
  return { hashMs: cpuMs / hashes, threads, hashes };
}

function countInThread(task: HashingTask): Promise<HashingCount> {
  const worker = new Worker(new URL('./hashing-thread.ts', import.meta.url), { workerData: task });
  return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
}
