// Imported by a process before all else: its threads are those of dying-hashing-worker.ts.
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';

threads.Worker = class extends threads.Worker {
  constructor(_: string | URL, options?: threads.WorkerOptions) {
    super(new URL('./dying-hashing-worker.ts', import.meta.url), options);
  }
};
syncBuiltinESMExports();
