// A hashing thread that dies of the password "die" and answers everything else at once.
import { parentPort } from 'node:worker_threads';
import type { HashingRequest } from '../security/hashing/protocol.ts';

parentPort?.on('message', (request: HashingRequest) => {
  if (request.password === 'die') process.exit(3);
  parentPort?.postMessage({ kind: 'hashed', hash: `hash of ${request.password}` });
});
parentPort?.postMessage({ kind: 'ready' });
