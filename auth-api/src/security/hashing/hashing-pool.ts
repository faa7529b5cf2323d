import type { Overloaded } from '../../domain/ports/overload.ts';
import type { Abandoned, HashOutcome, PasswordHasher, VerifyOutcome } from '../../domain/ports/passwords.ts';
import { defaultWorkerUrl, HashingThread } from './hashing-thread.ts';
import { normalizePassword } from './normalize.ts';
import { type HashPolicy, maxPasswordBytes } from './policy.ts';
import type { HashingAnswer, HashingRequest } from './protocol.ts';

export interface HashingJobTimes {
  readonly kind: HashingRequest['kind'];
  readonly waitMs: number;
  readonly runMs: number;
  /** Of what asked for it, where that is known. */
  readonly traceId?: string | undefined;
}

export interface HashingPoolOptions {
  readonly policy: HashPolicy;
  /** Threads, at least 1; see chooseWorkerCount. */
  readonly workers: number;
  /** Jobs that may wait for a thread; one more is answered `overloaded`. */
  readonly queueLength: number;
  /** A job that has waited for so long is answered `overloaded`. Default: 10 s, by which whoever asked has gone away. */
  readonly longestWaitMs?: number;
  /** A clock that never goes back, in milliseconds. */
  readonly nowMs: () => number;
  readonly onJobDone?: (times: HashingJobTimes) => void;
  /** Asked when a job comes: when it is done, somebody else's request may have been what went on. */
  readonly currentTraceId?: () => string | undefined;
  /** A thread died; the pool has replaced it, or will shortly. */
  readonly onThreadDeath?: (error: Error) => void;
  readonly workerUrl?: URL;
}

export interface HashingPoolSnapshot {
  readonly workers: number;
  readonly busy: number;
  readonly queued: number;
  readonly queueLength: number;
  readonly completed: number;
  readonly overloaded: number;
  readonly abandoned: number;
  readonly threadDeaths: number;
}

interface Job {
  readonly request: HashingRequest;
  readonly queuedAtMs: number;
  readonly traceId: string | undefined;
  /** Its wait is over: neither its caller nor its time ends it any more. */
  readonly stopWaiting: () => void;
  readonly resolve: (outcome: HashingAnswer | Overloaded | Abandoned) => void;
  readonly reject: (error: unknown) => void;
}

const defaultLongestWaitMs = 10_000;
const slowestRespawnMs = 5_000;

/** Password hashing in threads of lower priority, behind a bounded queue. */
export class HashingPool implements PasswordHasher {
  readonly #options: HashingPoolOptions;
  readonly #threads = new Set<HashingThread>();
  readonly #idle: HashingThread[] = [];
  readonly #queue: Job[] = [];
  readonly #respawns = new Set<NodeJS.Timeout>();
  readonly #allStarted = Promise.withResolvers<void>();
  #meanRunMs = 100;
  #failedStarts = 0;
  #closing: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  #counts = { completed: 0, overloaded: 0, abandoned: 0, threadDeaths: 0 };

  /** @throws RangeError for fewer than one worker or a queue length that is no natural number */
  constructor(options: HashingPoolOptions) {
    const { workers, queueLength } = options;
    if (!Number.isInteger(workers) || workers < 1) throw new RangeError(`workers must be at least 1, not ${workers}`);
    if (!Number.isInteger(queueLength) || queueLength < 0) {
      throw new RangeError(`queueLength must be 0 or more, not ${queueLength}`);
    }
    this.#options = options;
    for (let started = 0; started < workers; started += 1) this.#spawn();
  }

  /** @throws HashingThreadDiedError when the thread that held the job died */
  async hash(password: string, options: { readonly signal?: AbortSignal } = {}): Promise<HashOutcome> {
    const normalized = normalizePassword(password);
    const maxBytes = maxPasswordBytes(this.#options.policy);
    if (Buffer.byteLength(normalized, 'utf8') > maxBytes) return { kind: 'tooLong', maxBytes };
    return (await this.#submit({ kind: 'hash', password: normalized }, options.signal)) as HashOutcome;
  }

  /**
   * The signal ends the wait for a thread, not a comparison that has begun. `upgrade` is true unless given.
   * @throws HashingThreadDiedError when the thread that held the job died
   */
  async verify(
    password: string,
    storedHash: string | undefined,
    options: { readonly signal?: AbortSignal; readonly upgrade?: boolean } = {},
  ): Promise<VerifyOutcome> {
    const { signal, upgrade = true } = options;
    const request = { kind: 'verify', password: normalizePassword(password), storedHash, upgrade } as const;
    return (await this.#submit(request, signal)) as VerifyOutcome;
  }

  /** Waits until every thread has started, which takes a few hashes of CPU; no longer than that, should one not start at all. */
  async startedWithin(timeoutMs: number): Promise<void> {
    const { promise: timedOut, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    await Promise.race([this.#allStarted.promise, timedOut]);
    clearTimeout(timer);
  }

  /** Whether a job that came now would be answered `overloaded`. */
  get isFull(): boolean {
    return this.#idle.length === 0 && this.#queue.length >= this.#options.queueLength;
  }

  snapshot(): HashingPoolSnapshot {
    const { workers, queueLength } = this.#options;
    return { workers, queueLength, busy: this.#busy(), queued: this.#queue.length, ...this.#counts };
  }

  /** Refuses new jobs, finishes those accepted, and ends the threads. */
  close(): Promise<void> {
    this.#closed ??= this.#drain();
    return this.#closed;
  }

  #submit(request: HashingRequest, signal: AbortSignal | undefined): Promise<HashingAnswer | Overloaded | Abandoned> {
    if (signal?.aborted === true) return Promise.resolve(this.#abandon());
    if (this.isFull || this.#closed !== undefined) return Promise.resolve(this.#refuse());
    return new Promise((resolve, reject) => {
      const { nowMs, currentTraceId, longestWaitMs = defaultLongestWaitMs } = this.#options;
      const leave = (outcome: Overloaded | Abandoned) => {
        job.stopWaiting();
        this.#queue.splice(this.#queue.indexOf(job), 1);
        resolve(outcome);
        this.#finishClosing();
      };
      const onAbort = () => leave(this.#abandon());
      const timer = setTimeout(() => leave(this.#refuse()), longestWaitMs);
      const stopWaiting = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const job: Job = { request, queuedAtMs: nowMs(), traceId: currentTraceId?.(), stopWaiting, resolve, reject };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(job);
      this.#dispatch();
    });
  }

  #refuse(): Overloaded {
    this.#counts.overloaded += 1;
    const ahead = this.#queue.length + this.#busy();
    const drainMs = (ahead * this.#meanRunMs) / this.#options.workers;
    return { kind: 'overloaded', retryAfterSeconds: Math.max(1, Math.ceil(drainMs / 1000)) };
  }

  #abandon(): Abandoned {
    this.#counts.abandoned += 1;
    return { kind: 'abandoned' };
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const thread = this.#idle.pop();
      if (thread === undefined) return;
      const job = this.#queue.shift();
      if (job !== undefined) void this.#run(thread, job);
    }
  }

  async #run(thread: HashingThread, job: Job): Promise<void> {
    job.stopWaiting();
    const startedAtMs = this.#options.nowMs();
    try {
      const answer = await thread.run(job.request);
      const runMs = this.#options.nowMs() - startedAtMs;
      this.#meanRunMs += 0.1 * (runMs - this.#meanRunMs);
      this.#counts.completed += 1;
      const { request, queuedAtMs, traceId } = job;
      this.#options.onJobDone?.({ kind: request.kind, waitMs: startedAtMs - queuedAtMs, runMs, traceId });
      job.resolve(answer);
    } catch (error) {
      job.reject(error);
    }
    this.#finishClosing();
  }

  #spawn(): void {
    const thread = new HashingThread(
      this.#options.workerUrl ?? defaultWorkerUrl,
      { policy: this.#options.policy },
      {
        onIdle: () => {
          if (thread.becameReady) this.#failedStarts = 0;
          if ([...this.#threads].every(({ becameReady }) => becameReady)) this.#allStarted.resolve();
          this.#idle.push(thread);
          this.#dispatch();
        },
        onDeath: (_, error) => this.#replace(thread, error),
      },
    );
    this.#threads.add(thread);
  }

  /** At once after a crash in work; with growing pauses when threads do not even start. */
  #replace(dead: HashingThread, error: Error): void {
    this.#threads.delete(dead);
    const idleAt = this.#idle.indexOf(dead);
    if (idleAt >= 0) this.#idle.splice(idleAt, 1);
    this.#counts.threadDeaths += 1;
    this.#options.onThreadDeath?.(error);
    if (dead.becameReady) {
      this.#spawn();
      return;
    }
    this.#failedStarts += 1;
    const timer = setTimeout(
      () => {
        this.#respawns.delete(timer);
        this.#spawn();
      },
      Math.min(slowestRespawnMs, 50 * 2 ** this.#failedStarts),
    );
    this.#respawns.add(timer);
  }

  async #drain(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#closing = resolve;
      this.#finishClosing();
    });
    for (const timer of this.#respawns) clearTimeout(timer);
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }

  #finishClosing(): void {
    if (this.#closing !== undefined && this.#queue.length === 0 && this.#busy() === 0) this.#closing();
  }

  #busy(): number {
    let busy = 0;
    for (const thread of this.#threads) if (thread.isBusy) busy += 1;
    return busy;
  }
}
