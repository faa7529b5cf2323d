// The bar for hashing throughput: nothing but bcrypt.compareSync, over and over, until told to stop.
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import bcrypt from 'bcrypt';

const { password, hash, durationMs } = workerData as { password: string; hash: string; durationMs: number };

// As the pool's threads do: or else whatever shares the machine would slow only one side of the comparison.
if (process.platform === 'linux') setPriority(0, 19);

let compared = 0;
bcrypt.compareSync(password, hash);
const started = performance.now();
while (performance.now() - started < durationMs) {
  bcrypt.compareSync(password, hash);
  compared += 1;
}
parentPort?.postMessage((compared * 1000) / (performance.now() - started));
