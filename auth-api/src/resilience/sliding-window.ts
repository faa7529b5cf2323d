/** Successes and failures of the last `windowMs`, in a ring of buckets: constant memory whatever the rate. */
export class SlidingWindow {
  readonly #bucketMs: number;
  readonly #calls: Float64Array;
  readonly #failures: Float64Array;
  /** Number of the newest bucket since the epoch of the clock; older ones lie behind it in the ring. */
  #newest = 0;
  #totalCalls = 0;
  #totalFailures = 0;

  /** What is forgotten is forgotten by whole buckets, so the window is up to one bucket shorter than `windowMs`. */
  constructor(windowMs: number, buckets = 60) {
    this.#bucketMs = windowMs / buckets;
    this.#calls = new Float64Array(buckets);
    this.#failures = new Float64Array(buckets);
  }

  record(succeeded: boolean, nowMs: number): void {
    this.#advance(nowMs);
    const slot = this.#newest % this.#calls.length;
    this.#totalCalls += 1;
    this.#calls[slot] = (this.#calls[slot] ?? 0) + 1;
    if (succeeded) return;
    this.#totalFailures += 1;
    this.#failures[slot] = (this.#failures[slot] ?? 0) + 1;
  }

  counts(nowMs: number): { readonly calls: number; readonly failures: number } {
    this.#advance(nowMs);
    return { calls: this.#totalCalls, failures: this.#totalFailures };
  }

  clear(): void {
    this.#calls.fill(0);
    this.#failures.fill(0);
    this.#totalCalls = 0;
    this.#totalFailures = 0;
  }

  #advance(nowMs: number): void {
    const current = Math.floor(nowMs / this.#bucketMs);
    if (current <= this.#newest) return;
    if (current - this.#newest >= this.#calls.length) this.clear();
    else for (let bucket = this.#newest + 1; bucket <= current; bucket += 1) this.#forget(bucket % this.#calls.length);
    this.#newest = current;
  }

  #forget(slot: number): void {
    this.#totalCalls -= this.#calls[slot] ?? 0;
    this.#totalFailures -= this.#failures[slot] ?? 0;
    this.#calls[slot] = 0;
    this.#failures[slot] = 0;
  }
}
