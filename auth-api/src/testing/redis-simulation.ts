import type { InvalidationPublisher } from '../cache/invalidation-delivery.ts';
import { type Lsn, laterLsn } from '../cache/lsn.ts';
import type { SessionPositions } from '../cache/own-writes.ts';
import type { SharedStore } from '../cache/shared-cache.ts';
import { MemorySharedStore } from './memory-shared-store.ts';
import { SimulatedOutage } from './postgres-simulation.ts';

/** A pod's subscription. */
export interface Subscriber {
  isConnected: boolean;
  receive(text: string): void;
}

/** Resolves when it is the turn of what waits under this label. */
export type Turn = (label: string) => Promise<unknown>;

/**
 * Redis as its clients meet it. Every command takes effect at some time and is answered at some later time. While it is
 * stopped (SIGSTOP) commands run out of time, wait in their connections all the same, and take effect when it goes on.
 * While it cannot be reached they fail without effect.
 * Messages reach each subscriber in order, at most once, later than the publisher thinks.
 */
export class RedisSimulation implements InvalidationPublisher {
  readonly memory = new MemorySharedStore();
  /** The positions of sessions. */
  readonly positions: SessionPositions;
  readonly subscribers: Subscriber[] = [];
  readonly store: SharedStore;
  readonly #positions = new Map<string, Lsn>();
  readonly #turn: Turn;
  readonly #waiting: (() => unknown)[] = [];
  #state: 'well' | 'stopped' | 'unreachable' = 'well';

  constructor(turn: Turn) {
    this.#turn = turn;
    const { memory } = this;
    const known = this.#positions;
    this.positions = {
      open: (id) => this.#command('open position', async () => void known.set(id, known.get(id) ?? 0n)),
      find: (id) => this.#command('find position', async () => known.get(id)),
      raise: (id, lsn) =>
        this.#command('raise position', async () => void known.set(id, laterLsn(lsn, known.get(id) ?? 0n))),
      forget: (id) => this.#command('forget position', async () => void known.delete(id)),
    };
    this.store = {
      lookUp: (entry, token) => this.#command('lookUp', () => memory.lookUp(entry, token)),
      reserve: (entry, token) => this.#command('reserve', () => memory.reserve(entry, token)),
      store: (entry, token, text) => this.#command('store', () => memory.store(entry, token, text)),
      invalidate: (entry, lsn) => this.#command('invalidate', () => memory.invalidate(entry, lsn)),
    };
  }

  evict(what: 'values' | 'leases' | 'positions'): void {
    if (what === 'positions') this.#positions.clear();
    else this.memory.evict(what);
  }

  stop(): void {
    this.#state = 'stopped';
  }

  cutOff(): void {
    this.#state = 'unreachable';
  }

  goOn(): void {
    this.#state = 'well';
    for (const effect of this.#waiting.splice(0)) effect();
  }

  publish(text: string): Promise<void> {
    return this.#command('publish', async () => this.#send(text));
  }

  async #command<T>(label: string, effect: () => Promise<T>): Promise<T> {
    await this.#turn(`${label} takes effect`);
    if (this.#state === 'stopped') this.#waiting.push(effect);
    if (this.#state !== 'well') throw new SimulatedOutage(`${label} failed: Redis is ${this.#state}`);
    const answer = await effect();
    await this.#turn(`${label} is answered`);
    return answer;
  }

  #send(text: string): void {
    for (const subscriber of this.subscribers) {
      if (!subscriber.isConnected) continue;
      const before = this.#lastMessage.get(subscriber) ?? Promise.resolve();
      const arrived = before.then(() => this.#turn('message')).then(() => subscriber.receive(text));
      this.#lastMessage.set(subscriber, arrived);
    }
  }

  readonly #lastMessage = new Map<Subscriber, Promise<void>>();
}
