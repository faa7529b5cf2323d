// The entry point of a hashing thread: synchronous work, one request at a time.
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { computeHash } from './compute.ts';
import type { HashingAnswer, HashingRequest, HashingWorkerData } from './protocol.ts';
import { EqualTimeVerification } from './verification.ts';

if (parentPort === null) throw new Error('worker.ts runs in a worker thread only');
const port = parentPort;
const { policy } = workerData as HashingWorkerData;

// On Linux process 0 means the calling thread, elsewhere the whole process: the main thread must go first.
if (process.platform === 'linux') setPriority(0, 19);

const verification = new EqualTimeVerification(policy);

function answer(request: HashingRequest): HashingAnswer {
  if (request.kind === 'hash') return { kind: 'hashed', hash: computeHash(request.password, policy) };
  return verification.verify(request);
}

port.on('message', (request: HashingRequest) => port.postMessage(answer(request)));
port.postMessage({ kind: 'ready' } satisfies HashingAnswer);
