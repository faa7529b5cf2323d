import type { CacheVersions } from '../../cache/cache-types.ts';
import type { InvalidationKind, InvalidationTarget } from '../../cache/invalidation-events.ts';
import type { InvalidationSource, OutboxPage, OutboxStanding, PrimaryPoint } from '../../cache/invalidation-source.ts';
import { parseLsn } from '../../cache/lsn.ts';
import type { Database, Statement } from './database.ts';

const versionsAsJson = '(SELECT jsonb_object_agg(v.type, v.version) FROM auth.cache_versions v)';

const selectCommitPoint: Statement = {
  name: 'select_commit_point',
  text: `SELECT pg_current_wal_lsn()::text AS lsn, ${versionsAsJson} AS versions`,
};

/** SQL for ids of transactions: all below `settledBelow` are over, and none that is visible is from `unborn` on. */
const settledBelow = 'pg_snapshot_xmin(pg_current_snapshot())::text::bigint';
const unborn = 'pg_snapshot_xmax(pg_current_snapshot())::text::bigint';

/**
 * For the row `p` of auth.outbox_position. A database that was copied with its rows counts transactions anew: what was
 * forgotten elsewhere, under higher ids, says nothing of those that come here.
 */
const forgottenHere = `CASE WHEN p.forgotten_up_to < ${settledBelow} THEN p.forgotten_up_to ELSE 0 END`;

/** What is visible has been committed; unlike the relay's reading it takes in what a lower sequence may still join. */
const selectStanding: Statement = {
  name: 'select_outbox_standing',
  text: `SELECT pg_current_wal_lsn()::text AS lsn, ${versionsAsJson} AS versions,
      greatest((SELECT max(o.sequence) FROM auth.outbox o WHERE o.sequence < ${unborn}), ${forgottenHere})::text
        AS last_sequence
    FROM auth.outbox_position p`,
};

const selectForgotten: Statement = {
  name: 'select_forgotten_events',
  text: `SELECT ${forgottenHere} AS forgotten_up_to FROM auth.outbox_position p`,
};

/**
 * A sequence is the id of its transaction: below the snapshot's xmin none can still commit, so the order is final. The
 * log's position is read after the snapshot was taken, and so is not before the commit of any row in it.
 */
const selectEvents: Statement = {
  name: 'select_outbox_events',
  text: `SELECT pg_current_wal_lsn()::text AS lsn, ${versionsAsJson} AS versions,
      coalesce((
        SELECT jsonb_agg(jsonb_build_object('sequence', e.sequence, 'kind', e.kind, 'targets', e.targets,
          'committedAtMs', floor(extract(epoch FROM e.committed_at) * 1000)) ORDER BY e.sequence)
        FROM (
          SELECT o.sequence, o.kind, o.targets, o.committed_at FROM auth.outbox o
          WHERE o.sequence > $1 AND o.sequence < ${settledBelow}
          ORDER BY o.sequence LIMIT $2
        ) e
      ), '[]') AS events,
      NOT EXISTS (
        SELECT 1 FROM auth.outbox o WHERE o.sequence >= ${settledBelow} AND o.sequence < ${unborn}
      ) AS is_settled,
      $1 <= (SELECT p.forgotten_up_to FROM auth.outbox_position p)
        OR EXISTS (SELECT 1 FROM auth.outbox o WHERE o.sequence = $1) AS is_continued`,
};

/** With them go rows of the database that this one was copied from: a transaction to come will have their place. */
const deleteEvents: Statement = {
  name: 'delete_outbox_events',
  text: `WITH forgotten AS (DELETE FROM auth.outbox WHERE sequence <= $1 OR sequence >= ${unborn})
    UPDATE auth.outbox_position p SET forgotten_up_to = greatest(${forgottenHere}, $1)`,
};

/**
 * Of the first $2 those that nobody delivered for $1 seconds. Rows of a database that this one was copied from go at once:
 * a transaction to come would find its place taken.
 */
const deleteOldEvents: Statement = {
  name: 'delete_old_outbox_events',
  text: `WITH old AS (
      SELECT coalesce(max(o.sequence), 0) AS up_to FROM (
        SELECT sequence, committed_at FROM auth.outbox WHERE sequence < ${settledBelow} ORDER BY sequence LIMIT $2
      ) o WHERE o.committed_at < now() - make_interval(secs => $1)
    ), forgotten AS (
      DELETE FROM auth.outbox o USING old WHERE o.sequence <= old.up_to OR o.sequence >= ${unborn} RETURNING o.sequence
    ), position AS (
      UPDATE auth.outbox_position p SET forgotten_up_to = greatest(${forgottenHere}, old.up_to)
      FROM old WHERE old.up_to > 0
    )
    SELECT count(*)::int AS count FROM forgotten`,
};

interface PointRow {
  lsn: string;
  versions: CacheVersions;
}

interface EventsRow extends PointRow {
  is_settled: boolean;
  is_continued: boolean;
  events: {
    sequence: number;
    kind: InvalidationKind;
    targets: InvalidationTarget[];
    committedAtMs: number;
  }[];
}

/** The outbox in PostgreSQL. */
export class PostgresInvalidationSource implements InvalidationSource {
  readonly #primary: Database;

  constructor(primary: Database) {
    this.#primary = primary;
  }

  async standing(): Promise<OutboxStanding> {
    const row = only(await this.#primary.query<PointRow & { last_sequence: string }>(selectStanding, []));
    return { lsn: parseLsn(row.lsn), versions: row.versions, lastSequence: Number(row.last_sequence) };
  }

  /** Asked after a commit: at or after it in the primary's log. */
  async commitPoint(): Promise<PrimaryPoint> {
    const { lsn, versions } = only(await this.#primary.query<PointRow>(selectCommitPoint, []));
    return { lsn: parseLsn(lsn), versions };
  }

  async forgottenUpTo(): Promise<number> {
    const row = only(await this.#primary.query<{ forgotten_up_to: string }>(selectForgotten, []));
    return Number(row.forgotten_up_to);
  }

  async eventsAfter(sequence: number, limit: number): Promise<OutboxPage> {
    const row = only(await this.#primary.query<EventsRow>(selectEvents, [sequence, limit]));
    const lsn = parseLsn(row.lsn);
    const events = row.events.map(({ sequence: place, kind, targets, committedAtMs }) => {
      return { sequence: place, event: { kind, targets, lsn, committedAtMs } };
    });
    return { events, isSettled: row.is_settled, isContinued: row.is_continued, versions: row.versions, lsn };
  }

  async forgetUpTo(sequence: number): Promise<void> {
    await this.#primary.query(deleteEvents, [sequence]);
  }

  /**
   * Forgets, undelivered, what is older than anything that is cached: what was read before such a change has expired.
   * @returns how many, of the first `limit`
   */
  async forgetOlderThan(ageSeconds: number, limit: number): Promise<number> {
    return only(await this.#primary.query<{ count: number }>(deleteOldEvents, [ageSeconds, limit])).count;
  }
}

function only<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('the schema is not complete: run the migrations');
  return row;
}
