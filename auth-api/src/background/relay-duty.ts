import type { InvalidationRelay, RelayTick } from '../cache/invalidation-relay.ts';

export interface RelayDutyOptions {
  /** Rejects where it cannot be known who has it. */
  readonly lease: { take(): Promise<boolean>; release(): Promise<void> };
  readonly createRelay: () => InvalidationRelay;
  /** Whether this pod trusts what it has heard, and has not heard of any relay for a while. */
  readonly isForsaken: () => boolean;
  readonly nowMs: () => number;
  readonly onChange: (isOnDuty: boolean) => void;
  readonly onSourceError: (error: unknown) => void;
}

/** Deliveries that fail in a row before another pod, which may reach Redis, gets its chance. */
const mostFailures = 3;
const restMs = 5_000;

/**
 * Relays the outbox while this pod has the lease. A pod that had it goes on while the primary, which keeps the lease,
 * cannot be asked: nobody else can take it meanwhile, and the heartbeats of the relay keep cached sessions usable. Where
 * no relay is heard, a pod begins before it has the lease, and vouches for what it trusts; two at once do no harm.
 */
export class RelayDuty {
  readonly #options: RelayDutyOptions;
  #relay: InvalidationRelay | undefined;
  #failures = 0;
  #restsUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: RelayDutyOptions) {
    this.#options = options;
  }

  /**
   * Call it about twice a second, and at once where it tells that there is more.
   * @throws what the delivery throws; the next tick delivers it again
   */
  async tick(): Promise<{ readonly isMore: boolean }> {
    const { nowMs, onSourceError } = this.#options;
    if (nowMs() < this.#restsUntilMs) return { isMore: false };
    // Who has the lease may not know of it: its answer can be what the primary took with it.
    if (this.#options.isForsaken()) this.#take(true);
    // Side by side: a primary that does not answer costs one time-out and not two, or heartbeats would come too late.
    const relaying = this.#relay?.tick();
    // It is looked at below, when the lease is known.
    relaying?.catch(() => {});
    this.#take(await this.#holdsLease());
    const ticked = await this.#watch(relaying);
    if (ticked?.kind === 'sourceUnreachable') onSourceError(ticked.error);
    return { isMore: this.#relay !== undefined && ticked?.kind === 'delivered' && ticked.isMore };
  }

  async release(): Promise<void> {
    if (this.#relay === undefined) return;
    this.#take(false);
    await this.#options.lease.release();
  }

  #holdsLease(): Promise<boolean> {
    const { lease, onSourceError } = this.#options;
    return lease.take().catch((error: unknown) => {
      onSourceError(error);
      return this.#relay !== undefined;
    });
  }

  #take(isHeld: boolean): void {
    if (isHeld === (this.#relay !== undefined)) return;
    this.#failures = 0;
    this.#relay = isHeld ? this.#options.createRelay() : undefined;
    this.#options.onChange(isHeld);
  }

  async #watch(relaying: Promise<RelayTick> | undefined): Promise<RelayTick | undefined> {
    try {
      const ticked = await relaying;
      this.#failures = 0;
      return ticked;
    } catch (error) {
      this.#failures += 1;
      if (this.#failures >= mostFailures) {
        this.#restsUntilMs = this.#options.nowMs() + restMs;
        await this.release().catch(this.#options.onSourceError);
      }
      throw error;
    }
  }
}
