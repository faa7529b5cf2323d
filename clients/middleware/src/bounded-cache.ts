export interface BoundedCacheOptions {
  readonly capacity: number;
  readonly lifetimeMs: number;
  readonly nowMs: () => number;
}

interface Entry<Value> {
  readonly value: Promise<Value>;
  readonly expiresAtMs: number;
}

/** Who asks for the same at once shares one answer, which is kept for a while; a failure is not. */
export class BoundedCache<Value> {
  readonly #options: BoundedCacheOptions;
  readonly #entries = new Map<string, Entry<Value>>();

  constructor(options: BoundedCacheOptions) {
    this.#options = options;
  }

  getOrLoad(key: string, load: () => Promise<Value>): Promise<Value> {
    const { capacity, lifetimeMs, nowMs } = this.#options;
    const kept = this.#entries.get(key);
    if (kept !== undefined && nowMs() < kept.expiresAtMs) return kept.value;
    const entry = { value: load(), expiresAtMs: nowMs() + lifetimeMs };
    // The place of an entry is its age.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > capacity && oldest !== undefined) this.#entries.delete(oldest);
    entry.value.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry.value;
  }
}
