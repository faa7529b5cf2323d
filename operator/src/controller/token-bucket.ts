export interface TokenBucketOptions {
  ratePerSecond: number;
  /** How many may be taken at once after a pause. */
  burst: number;
  /** Milliseconds. */
  now: () => number;
}

/** So many a second in the long run, whoever asks; who comes too early is told how long to wait. */
export class TokenBucket {
  readonly #options: TokenBucketOptions;
  /** Below zero: promised to those who wait. */
  #tokens: number;
  #filledMs: number;

  constructor(options: TokenBucketOptions) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#filledMs = options.now();
  }

  /** Takes a token, which can be used after as many milliseconds. */
  reserve(): number {
    const { ratePerSecond, burst, now } = this.#options;
    const nowMs = now();
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#filledMs) / 1000) * ratePerSecond) - 1;
    this.#filledMs = nowMs;
    return Math.max(0, (-this.#tokens / ratePerSecond) * 1000);
  }
}
