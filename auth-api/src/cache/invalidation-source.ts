import type { CacheVersions } from './cache-types.ts';
import type { CommittedEvent } from './invalidation-events.ts';
import type { Lsn } from './lsn.ts';

export interface SequencedEvent {
  /** Above 0, rising, gaps allowed. */
  readonly sequence: number;
  readonly event: CommittedEvent;
}

/** The primary at the moment of a reading. */
export interface PrimaryPoint {
  /** Where its log was: at or after every commit that the reading saw. */
  readonly lsn: Lsn;
  readonly versions: CacheVersions;
}

/** For a pod that may have missed invalidations. */
export interface OutboxStanding extends PrimaryPoint {
  /** The highest sequence that has been committed, forgotten ones included; lower ones may still be under way. */
  readonly lastSequence: number;
}

export interface OutboxPage extends PrimaryPoint {
  readonly events: readonly SequencedEvent[];
  /** Whether there are no others that have committed, behind a transaction that is still open. */
  readonly isSettled: boolean;
  /**
   * Whether the event after which was read is there, or was forgotten. Otherwise the primary lost it in a failover, and
   * events that it has not delivered may have a place below.
   */
  readonly isContinued: boolean;
}

/**
 * The outbox: events that committed with their change. Reads the primary.
 *
 * Its order must be final: once an event of sequence n has been returned, none below n may appear. A sequence drawn at
 * the insert does not give that alone, since transactions commit in another order than they draw; leave out what may
 * still be overtaken (rows whose transaction is not below pg_snapshot_xmin(pg_current_snapshot())).
 */
export interface InvalidationSource {
  standing(): Promise<OutboxStanding>;
  /** The highest sequence that has been forgotten, where reading starts after a crash. */
  forgottenUpTo(): Promise<number>;
  eventsAfter(sequence: number, limit: number): Promise<OutboxPage>;
  /** They have been delivered for good. */
  forgetUpTo(sequence: number): Promise<void>;
}
