// A hashing thread that dies of the password below while it holds it, and hashes every other one.
import { parentPort } from 'node:worker_threads';
import type { HashingRequest } from '../../src/security/hashing/protocol.ts';

export const deadlyPassword = 'a word that ends the thread';

parentPort?.on('message', ({ password }: HashingRequest) => {
  if (password === deadlyPassword) process.exit(3);
});
if (parentPort !== null) await import('../../src/security/hashing/worker.ts');
