/** What a difference between two clocks may grow by from one message to the next: far more than clocks drift. */
const driftMs = 1;

/**
 * How much later a message comes than others of the same sender did, whose clock and this pod's need not agree: against
 * the least difference seen between them. A delay that all messages share cannot be told, nor matters.
 */
export class Lateness {
  #sender: string | undefined;
  #leastDifferenceMs = Number.POSITIVE_INFINITY;

  /** In milliseconds; 0 for the first message of a sender. Both clocks must not jump. */
  measureMs(sender: string, sentAtMs: number, nowMs: number): number {
    if (sender !== this.#sender) this.#leastDifferenceMs = Number.POSITIVE_INFINITY;
    this.#sender = sender;
    const differenceMs = nowMs - sentAtMs;
    this.#leastDifferenceMs = Math.min(differenceMs, this.#leastDifferenceMs + driftMs);
    return differenceMs - this.#leastDifferenceMs;
  }

  forget(): void {
    this.#sender = undefined;
  }
}
