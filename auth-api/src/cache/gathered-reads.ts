import { AsyncLocalStorage } from 'node:async_hooks';

export interface GatheredReadsOptions<T> {
  /** What there is of these, by id. */
  readonly read: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>;
  /** Of ids in one read. Default 500. */
  readonly maxIds?: number;
  /** Reads at once, while they are answered in time. Default 2. */
  readonly maxReads?: number;
  /** Who has waited this long waits for no other read any more, or each would add its time-out. Default 100. */
  readonly patienceMs?: number;
}

interface Batch<T> {
  readonly ids: string[];
  readonly found: Promise<ReadonlyMap<string, T>>;
  readonly send: () => void;
}

/**
 * Reads single rows in as few statements as there can be: the first at once, and what is asked for while some are under way
 * together, in the next. Nobody gets an answer that was on its way when they asked, which may be older than what they know.
 */
export class GatheredReads<T> {
  readonly #options: Required<GatheredReadsOptions<T>>;
  /** Those that are to be sent, each full but the last. */
  readonly #waiting: Batch<T>[] = [];
  #underWay = 0;

  constructor(options: GatheredReadsOptions<T>) {
    this.#options = { maxIds: 500, maxReads: 2, patienceMs: 100, ...options };
  }

  /** @throws what the read threw, as all do whose ids were in it */
  async find(id: string): Promise<T | undefined> {
    const batch = this.#batchWithRoom();
    batch.ids.push(id);
    if (this.#underWay < this.#options.maxReads) batch.send();
    return (await batch.found).get(id);
  }

  #batchWithRoom(): Batch<T> {
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.ids.length < this.#options.maxIds) return last;
    const ids: string[] = [];
    const { promise: found, resolve } = Promise.withResolvers<ReadonlyMap<string, T>>();
    // Part of the trace of who asked first, and not of that of a read before it.
    const asWhoAsked = AsyncLocalStorage.snapshot();
    const send = () => {
      clearTimeout(patience);
      this.#waiting.splice(this.#waiting.indexOf(batch), 1);
      resolve(asWhoAsked(() => this.#read(ids)));
    };
    const patience = setTimeout(send, this.#options.patienceMs).unref();
    const batch: Batch<T> = { ids, found, send };
    this.#waiting.push(batch);
    return batch;
  }

  async #read(ids: readonly string[]): Promise<ReadonlyMap<string, T>> {
    this.#underWay += 1;
    try {
      return await this.#options.read(ids);
    } finally {
      this.#underWay -= 1;
      if (this.#underWay < this.#options.maxReads) this.#waiting[0]?.send();
    }
  }
}
