import { type CacheVersions, type SharedCacheType, sharedCacheDefaults } from './cache-types.ts';
import {
  type BatchPosition,
  type CommittedEvent,
  encodeMessage,
  type Heartbeat,
  type InvalidationTarget,
} from './invalidation-events.ts';
import type { PrimaryPoint } from './invalidation-source.ts';
import type { Lsn } from './lsn.ts';
import type { SharedEntry, SharedStore } from './shared-cache.ts';

/** Carries messages to every pod: at most once, in order while a connection lasts. */
export interface InvalidationPublisher {
  publish(text: string): Promise<void>;
}

/**
 * Commands on their way: of a whole backlog, or of somebody with thousands of sessions, the last ones would run out of time
 * behind the first, whenever it is tried.
 */
const entriesAtOnce = 500;

/**
 * Delivers events to the shared tier, then to every pod: in that order, so that a pod that has heard finds nothing old
 * there. Delivering again changes nothing. Rejects when any part failed: then deliver again.
 */
export class InvalidationDelivery {
  readonly #store: SharedStore;
  readonly #publisher: InvalidationPublisher;

  constructor(store: SharedStore, publisher: InvalidationPublisher) {
    this.#store = store;
    this.#publisher = publisher;
  }

  /**
   * @param point as read from PostgreSQL with the events or after them, not what a pod remembers
   * @param position where the batch stands in the outbox; without one it is the early word of the pod that committed
   */
  async deliver(
    events: readonly CommittedEvent[],
    { versions, lsn }: PrimaryPoint,
    position?: BatchPosition,
  ): Promise<void> {
    const entries = events.flatMap((event) => sharedEntries(event, versions));
    for (let from = 0; from < entries.length; from += entriesAtOnce) {
      const some = entries.slice(from, from + entriesAtOnce);
      await Promise.all(some.map(({ entry, lsn: ofEvent }) => this.#store.invalidate(entry, ofEvent)));
    }
    const place = position === undefined ? {} : { position };
    await this.#publisher.publish(encodeMessage({ kind: 'events', events, versions, lsn, ...place }));
  }

  async heartbeat(heartbeat: Heartbeat): Promise<void> {
    await this.#publisher.publish(encodeMessage({ kind: 'heartbeat', ...heartbeat }));
  }
}

function sharedEntries(
  { targets, lsn }: CommittedEvent,
  versions: CacheVersions,
): { readonly entry: SharedEntry; readonly lsn: Lsn }[] {
  return targets.filter(isSharedEntry).map(({ type, id }) => ({ entry: { type, id, version: versions[type] }, lsn }));
}

function isSharedEntry(target: InvalidationTarget): target is { type: SharedCacheType; id: string } {
  return 'id' in target && target.type in sharedCacheDefaults;
}
