import { Worker } from 'node:worker_threads';
import { DependencyUnavailableError } from '../../domain/ports/dependency-unavailable.ts';
import type { HashingAnswer, HashingRequest, HashingWorkerData } from './protocol.ts';

/** By then another thread has started. */
const retryAfterSeconds = 1;

/**
 * The job that a thread held when it died. Nothing else was lost, and nobody knows whether trying again kills another:
 * that is left to the client, which is asked to come again.
 */
export class HashingThreadDiedError extends DependencyUnavailableError {
  override name = 'HashingThreadDiedError';

  constructor(cause: Error) {
    super('a hashing thread', retryAfterSeconds, { cause });
  }
}

export interface HashingThreadEvents {
  /** The thread can take a request. */
  onIdle(thread: HashingThread): void;
  onDeath(thread: HashingThread, error: Error): void;
}

interface Pending {
  resolve(answer: HashingAnswer): void;
  reject(error: Error): void;
}

/** The file beside this one, in the language that this one runs in: types are stripped in development only. */
export const defaultWorkerUrl = new URL(
  import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js',
  import.meta.url,
);

/** One worker thread and the one request it holds. */
export class HashingThread {
  readonly #worker: Worker;
  readonly #events: HashingThreadEvents;
  #pending: Pending | undefined;
  #becameReady = false;
  #ended = false;

  constructor(url: URL, workerData: HashingWorkerData, events: HashingThreadEvents) {
    this.#events = events;
    // Neither the flags of the main thread (instrumentation) nor its environment are any business of this one.
    this.#worker = new Worker(url, { workerData, execArgv: [], env: {} });
    this.#worker.on('message', (answer: HashingAnswer) => this.#receive(answer));
    this.#worker.on('error', (error) => this.#die(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', (code) => this.#die(new Error(`exit code ${code}`)));
  }

  get becameReady(): boolean {
    return this.#becameReady;
  }

  get isBusy(): boolean {
    return this.#pending !== undefined;
  }

  /** @throws HashingThreadDiedError when the thread dies before it answers */
  run(request: HashingRequest): Promise<HashingAnswer> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#worker.postMessage(request);
    });
  }

  /** Ends the thread without an `onDeath`. */
  async terminate(): Promise<void> {
    this.#ended = true;
    await this.#worker.terminate();
  }

  #receive(answer: HashingAnswer): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (answer.kind === 'ready') this.#becameReady = true;
    else pending?.resolve(answer);
    this.#events.onIdle(this);
  }

  #die(cause: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    const pending = this.#pending;
    this.#pending = undefined;
    const error = new HashingThreadDiedError(cause);
    this.#events.onDeath(this, error);
    pending?.reject(error);
  }
}
