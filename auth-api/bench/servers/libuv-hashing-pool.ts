import bcrypt from 'bcrypt';
import type { HashOutcome, VerifyOutcome } from '../../src/domain/ports/passwords.ts';
import type {
  HashingPoolOptions,
  HashingPoolSnapshot,
  HashingPool as OwnPool,
} from '../../src/security/hashing/hashing-pool.ts';

/** Stands in for the project's pool: no threads of its own, no queue with an end. */
export class HashingPool implements Pick<OwnPool, keyof OwnPool> {
  readonly #cost: number;
  readonly #workers = Number(process.env.UV_THREADPOOL_SIZE ?? 4);
  #busy = 0;

  constructor({ policy }: HashingPoolOptions) {
    this.#cost = policy.algorithm === 'bcrypt' ? policy.cost : 10;
  }

  /** Threads of libuv start with the first work. */
  async startedWithin(): Promise<void> {}

  async hash(password: string): Promise<HashOutcome> {
    return { kind: 'hashed', hash: await bcrypt.hash(password, this.#cost) };
  }

  async verify(password: string, storedHash: string | undefined): Promise<VerifyOutcome> {
    this.#busy += 1;
    const matched = await bcrypt.compare(password, storedHash ?? `$2b$${this.#cost}$${'.'.repeat(53)}`);
    this.#busy -= 1;
    return { kind: matched ? 'matched' : 'mismatched' };
  }

  get isFull(): boolean {
    return false;
  }

  snapshot(): HashingPoolSnapshot {
    const counts = { queueLength: 0, queued: 0, completed: 0, overloaded: 0, abandoned: 0, threadDeaths: 0 };
    return { ...counts, workers: this.#workers, busy: this.#busy };
  }

  async close(): Promise<void> {}
}
