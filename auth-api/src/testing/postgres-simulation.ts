import type { CacheType, CacheVersions } from '../cache/cache-types.ts';
import {
  type InvalidationEvent,
  roleChange,
  sessionLogout,
  userPermissionChange,
  userUpdate,
} from '../cache/invalidation-events.ts';
import type { InvalidationSource, SequencedEvent } from '../cache/invalidation-source.ts';

/** What can change in the simulated database. A role is of unknown users, so its change raises versions. */
export type Change = 'session' | 'profile' | 'grants' | 'role';

export interface Transaction {
  readonly xid: number;
  readonly change: Change;
}

/** What the user whose rows they are looks like. */
export interface Rows {
  /** 0 while the session lives. */
  readonly session: number;
  readonly profile: number;
  readonly grants: number;
}

export const theId = 'a';

/**
 * A primary, a replica that lags, and the outbox. Transactions commit in another order than they draw their ids, and
 * what can be read of the outbox ends where one of them is still open. A value is the number of its row's changes.
 */
export class PostgresSimulation implements InvalidationSource {
  isDown = false;
  lsn = 1;
  replicaLsn = 1;
  #versions: Record<CacheType, number> = {
    user_basic: 1,
    session: 1,
    user_permissions: 1,
    user_profile: 1,
    session_data: 1,
    role_definitions: 1,
  };
  #outbox: readonly SequencedEvent[] = [];
  #forgotten = 0;
  #nextXid = 1;
  readonly #open = new Set<number>();
  readonly #history: { readonly lsn: number; readonly change: Change }[] = [];

  begin(change: Change): Transaction {
    const xid = this.#nextXid;
    this.#nextXid += 1;
    this.#open.add(xid);
    return { xid, change };
  }

  /** The event for whoever tells of it early. */
  commit({ xid, change }: Transaction): InvalidationEvent {
    this.#assertUp();
    this.#open.delete(xid);
    this.lsn += 1;
    this.#history.push({ lsn: this.lsn, change });
    const event = this.#eventOf(change);
    const committed = { ...event, lsn: BigInt(this.lsn), committedAtMs: 0 };
    const rows = [...this.#outbox, { sequence: xid, event: committed }];
    this.#outbox = rows.sort((one, other) => one.sequence - other.sequence);
    return event;
  }

  rowsAt(lsn: number): Rows {
    const count = (...counted: Change[]) =>
      this.#history.filter((past) => past.lsn <= lsn && counted.includes(past.change)).length;
    return { session: count('session'), profile: count('profile'), grants: count('grants', 'role') };
  }

  /** As the statements do it: a replica answers where it has replayed enough. */
  readRows(minimumLsn: bigint): Rows {
    if (BigInt(this.replicaLsn) >= minimumLsn) return this.rowsAt(this.replicaLsn);
    this.#assertUp();
    return this.rowsAt(this.lsn);
  }

  commitPoint() {
    this.#assertUp();
    return { lsn: BigInt(this.lsn), versions: this.currentVersions() };
  }

  async standing() {
    const lastSequence = Math.max(this.#forgotten, this.#outbox.at(-1)?.sequence ?? 0);
    return { ...this.commitPoint(), lastSequence };
  }

  async forgottenUpTo() {
    this.#assertUp();
    return this.#forgotten;
  }

  async eventsAfter(sequence: number, limit: number) {
    const xmin = Math.min(this.#nextXid, ...this.#open);
    const readable = this.#outbox.filter((row) => row.sequence > sequence && row.sequence < xmin);
    const { lsn, versions } = this.commitPoint();
    const events = readable.slice(0, limit).map((row) => ({ ...row, event: { ...row.event, lsn } }));
    const isSettled = this.#outbox.every((row) => row.sequence < xmin);
    return { events, isSettled, isContinued: true, versions, lsn };
  }

  async forgetUpTo(sequence: number) {
    this.#assertUp();
    this.#forgotten = Math.max(this.#forgotten, sequence);
    this.#outbox = this.#outbox.filter((row) => row.sequence > sequence);
  }

  currentVersions(): CacheVersions {
    return { ...this.#versions };
  }

  #eventOf(change: Change): InvalidationEvent {
    if (change === 'session') return sessionLogout([theId]);
    if (change === 'profile') return userUpdate(theId);
    if (change === 'grants') return userPermissionChange(theId);
    const raised = {
      user_permissions: this.#versions.user_permissions + 1,
      role_definitions: this.#versions.role_definitions + 1,
    };
    this.#versions = { ...this.#versions, ...raised };
    return roleChange(raised);
  }

  #assertUp(): void {
    if (this.isDown) throw new SimulatedOutage('the primary is down');
  }
}

export class SimulatedOutage extends Error {
  override name = 'SimulatedOutage';
}
