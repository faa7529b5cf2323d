import { setTimeout as sleep } from 'node:timers/promises';
import { Collection, type CollectionOptions } from './collection.ts';
import { ApiError, isStatus, TransportError } from './errors.ts';
import type { LiveObject } from './objects.ts';
import type { Resource } from './resources.ts';
import type { ObjectStore } from './store.ts';
import type { Transport } from './transport.ts';
import type { WatchEvent } from './watch-stream.ts';

export interface ReflectorOptions extends CollectionOptions {
  /** A stream without a byte for this long is cut. Bookmarks come about once a minute. Default 150 s. */
  silenceLimitSeconds?: number;
  /** How often to look for an extension that is not installed: it may be, any time. Default 30 s. */
  absenceRetrySeconds?: number;
  now: () => number;
  random: () => number;
  onProblem?: (problem: { error: unknown; retryInMs: number }) => void;
}

const FIRST_BACKOFF_MS = 200;
const LONGEST_BACKOFF_MS = 30_000;
/** A stream that ends sooner was no success. */
const SHORTEST_STREAM_MS = 1000;

/**
 * Keeps a store equal to what the API server has: list, watch from there with bookmarks, list again when the
 * server has forgotten our place (410), and never give up.
 */
export class Reflector<T extends LiveObject> {
  readonly #collection: Collection<T>;
  readonly #store: ObjectStore<T>;
  readonly #options: ReflectorOptions;
  #resourceVersion: string | undefined;
  /** In a row. Of each apart: a list that is answered says nothing about a watch that is refused. */
  readonly #failures = { list: 0, watch: 0 };
  #lastContactMs: number | undefined;
  #absent = false;
  #forbidden = false;

  constructor(transport: Transport, store: ObjectStore<T>, options: ReflectorOptions) {
    this.#collection = new Collection(transport, options);
    this.#store = store;
    this.#options = options;
  }

  get resource(): Resource {
    return this.#collection.resource;
  }

  /** Undefined: all namespaces. */
  get namespace(): string | undefined {
    return this.#collection.namespace;
  }

  /** Whether the store has been filled once. */
  get synced(): boolean {
    return this.#lastContactMs !== undefined;
  }

  /** Seconds since the API server last told us anything (bookmarks included); infinite before the first list. */
  get silentSeconds(): number {
    return this.#lastContactMs === undefined ? Infinity : (this.#options.now() - this.#lastContactMs) / 1000;
  }

  /** Whether the API server does not know this kind: it belongs to an extension that is not installed. */
  get absent(): boolean {
    return this.#absent;
  }

  /** Whether we may not see these objects, at present: as where their namespace is gone, and our Role with it. */
  get forbidden(): boolean {
    return this.#forbidden;
  }

  /** Runs until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let call: 'list' | 'watch' = 'list';
      try {
        if (this.#resourceVersion === undefined) await this.#list(signal);
        call = 'watch';
        await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) return;
        // 410: our place is forgotten. Any other refusal may come from it too, so start over as well.
        if (error instanceof ApiError) {
          this.#resourceVersion = undefined;
          this.#forbidden = error.status === 403;
        }
        if (this.resource.extension !== undefined && isStatus(error, 404)) await this.#awaitExtension(signal);
        else await this.#backOff(call, error, signal);
      }
    }
  }

  /** An answer, too: there are no such objects. */
  async #awaitExtension(signal: AbortSignal): Promise<void> {
    this.#store.clear(this.namespace);
    this.#absent = true;
    this.#heard();
    await sleep((this.#options.absenceRetrySeconds ?? 30) * 1000, undefined, { signal }).catch(() => undefined);
  }

  async #backOff(call: 'list' | 'watch', error: unknown, signal: AbortSignal): Promise<void> {
    const ceilingMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.#failures[call]);
    this.#failures[call] = Math.min(this.#failures[call] + 1, 16);
    const retryInMs = Math.round(ceilingMs * (0.5 + this.#options.random() / 2));
    this.#options.onProblem?.({ error, retryInMs });
    await sleep(retryInMs, undefined, { signal }).catch(() => undefined);
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { objects, resourceVersion } = await this.#collection.list(signal);
    this.#store.replace(objects, resourceVersion, this.namespace);
    this.#resourceVersion = resourceVersion;
    this.#absent = false;
    this.#failures.list = 0;
    this.#heard();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    // Streams end at different times so that a restarted API server is not hit by all of them at once.
    const timeoutSeconds = 300 + Math.floor(this.#options.random() * 300);
    let openedMs: number | undefined;
    const lastedMs = () => (openedMs === undefined ? 0 : this.#options.now() - openedMs);
    const cut = new AbortController();
    const silenceLimitMs = (this.#options.silenceLimitSeconds ?? 150) * 1000;
    const watchdog = setTimeout(() => cut.abort(), silenceLimitMs);
    try {
      const events = await this.#collection.watch(
        this.#resourceVersion ?? '',
        timeoutSeconds,
        AbortSignal.any([signal, cut.signal]),
      );
      openedMs = this.#options.now();
      for await (const event of events) {
        watchdog.refresh();
        this.#take(event);
      }
      cut.signal.throwIfAborted();
      if (lastedMs() < SHORTEST_STREAM_MS) {
        throw new TransportError(`watch of ${this.#collection.path} ended after ${lastedMs()} ms`);
      }
    } catch (error) {
      // How a stream ends that is cut does not say that it was.
      if (!cut.signal.aborted) throw error;
      throw new TransportError(`watch of ${this.#collection.path} was silent and has been cut`, { cause: error });
    } finally {
      clearTimeout(watchdog);
      // However it ended: what cuts streams now and then must not make us wait longer each time.
      if (lastedMs() >= SHORTEST_STREAM_MS) this.#failures.watch = 0;
    }
  }

  #take(event: WatchEvent<T>): void {
    if (event.type === 'ERROR') {
      const { code } = event.object;
      throw new ApiError({ method: 'WATCH', path: this.#collection.path }, code ?? 500, JSON.stringify(event.object));
    }
    if (event.type === 'ADDED' || event.type === 'MODIFIED') this.#store.put(event.object);
    if (event.type === 'DELETED') this.#store.remove(event.object);
    this.#resourceVersion = event.object.metadata.resourceVersion;
    this.#failures.watch = 0;
    this.#heard();
  }

  #heard(): void {
    this.#lastContactMs = this.#options.now();
    this.#forbidden = false;
  }
}
