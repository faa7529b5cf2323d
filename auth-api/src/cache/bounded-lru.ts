/** A link of the chain from the entry used last to the one used least recently. */
interface Entry<V> {
  readonly key: string;
  value: V;
  expiresAtMs: number;
  newer: Entry<V> | undefined;
  older: Entry<V> | undefined;
}

/**
 * A map of bounded size and lifetime that forgets what was used least recently. Every operation takes constant time,
 * which the order of a Map alone does not give: it walks over what was deleted before its first key.
 */
export class BoundedLru<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #maxEntries: number;
  #newest: Entry<V> | undefined;
  #oldest: Entry<V> | undefined;

  /** @throws RangeError for a size under 1 */
  constructor(maxEntries: number) {
    if (!Number.isInteger(maxEntries) || maxEntries < 1) {
      throw new RangeError(`maxEntries must be 1 or more, not ${maxEntries}`);
    }
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string, nowMs: number): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (nowMs >= entry.expiresAtMs) {
      this.#remove(entry);
      return undefined;
    }
    this.#use(entry);
    return entry.value;
  }

  /** What had to be forgotten to make room, if anything. */
  set(key: string, value: V, expiresAtMs: number): V | undefined {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.value = value;
      known.expiresAtMs = expiresAtMs;
      this.#use(known);
      return undefined;
    }
    const entry: Entry<V> = { key, value, expiresAtMs, newer: undefined, older: undefined };
    this.#entries.set(key, entry);
    this.#linkNewest(entry);
    const oldest = this.#oldest;
    if (this.#entries.size <= this.#maxEntries || oldest === undefined) return undefined;
    this.#remove(oldest);
    return oldest.value;
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#remove(entry);
  }

  clear(): void {
    this.#entries.clear();
    this.#newest = undefined;
    this.#oldest = undefined;
  }

  #use(entry: Entry<V>): void {
    if (entry === this.#newest) return;
    this.#unlink(entry);
    this.#linkNewest(entry);
  }

  #remove(entry: Entry<V>): void {
    this.#entries.delete(entry.key);
    this.#unlink(entry);
  }

  #linkNewest(entry: Entry<V>): void {
    entry.newer = undefined;
    entry.older = this.#newest;
    if (this.#newest !== undefined) this.#newest.newer = entry;
    this.#newest = entry;
    this.#oldest ??= entry;
  }

  #unlink({ newer, older }: Entry<V>): void {
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
  }
}
