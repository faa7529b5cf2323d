import type { InvalidationDelivery } from './invalidation-delivery.ts';
import type { InvalidationEvent } from './invalidation-events.ts';
import type { InvalidationListener } from './invalidation-listener.ts';
import type { PrimaryPoint } from './invalidation-source.ts';

/** Called by whoever has committed a change, before it is answered. Never rejects: the outbox has the event too. */
export type Announce = (event: InvalidationEvent) => Promise<void>;

export interface InvalidationAnnouncerOptions {
  readonly listener: InvalidationListener;
  readonly delivery: InvalidationDelivery;
  /** Asked after the commit: at or after it in the primary's log. */
  readonly commitPoint: () => Promise<PrimaryPoint>;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly onError: (error: unknown) => void;
}

/**
 * The early word of a change: in this pod at once, then in Redis and on every pod, so that whoever has the answer to
 * the change is not answered with what was before it.
 */
export function createAnnounce({
  listener,
  delivery,
  commitPoint,
  nowMs,
  onError,
}: InvalidationAnnouncerOptions): Announce {
  return async (event) => {
    const committedAtMs = nowMs();
    listener.applyOwn(event);
    let point: PrimaryPoint;
    try {
      point = await commitPoint();
    } catch (error) {
      // What a replica must have replayed is not known: nothing is read from one before the next catch-up.
      listener.lose();
      onError(error);
      return;
    }
    const committed = { ...event, lsn: point.lsn, committedAtMs };
    listener.applyCommitted(committed, point);
    try {
      await delivery.deliver([committed], point);
    } catch (error) {
      // Redis may hold what was before: this pod knows better than to answer with it until the outbox was delivered.
      listener.lose();
      onError(error);
    }
    // A load that began since may have found the old value in Redis, which is gone now.
    listener.applyCommitted(committed, point);
  };
}
