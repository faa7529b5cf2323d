import type pg from 'pg';
import { beyondReplicas, formatLsn, type Lsn } from '../../cache/lsn.ts';
import { DependencyUnavailableError } from '../../domain/ports/dependency-unavailable.ts';
import type { Database, Statement, Value } from './database.ts';

/** A read of at most one row that replicas may answer. Its text uses $1 up to $n. */
export interface SplitRead {
  readonly onPrimary: Statement;
  readonly onReplica: Statement;
}

/**
 * Who answered: a replica; or the primary, since it was not known what a replica must have replayed, since the replica
 * had not, since it found nothing, or since it could not be asked.
 */
export const readSources = ['replica', 'primary_unknown', 'primary_stale', 'primary_absent', 'primary_failed'] as const;

export type ReadSource = (typeof readSources)[number];

/**
 * The test of freshness is part of the read, since the next statement may meet another replica behind the pooler. The
 * position is read a moment after the snapshot was taken; what could slip in between is delivered to the caches again
 * a quarter of a minute later.
 */
export function splitRead(name: string, text: string, columns: readonly string[], parameters: number): SplitRead {
  const of = (alias: string) => columns.map((column) => `${alias}.${column}`).join(', ');
  return {
    onPrimary: { name, text },
    onReplica: {
      name: `${name}_on_replica`,
      text: `SELECT f.is_fresh, q.is_found, ${of('q')}
        FROM (SELECT coalesce(pg_last_wal_replay_lsn() >= $${parameters + 1}::pg_lsn, false) AS is_fresh) f
        LEFT JOIN LATERAL (SELECT true AS is_found, ${of('r')} FROM (${text}) r WHERE f.is_fresh) q ON true`,
    },
  };
}

export interface SplitReadsOptions {
  readonly primary: Database;
  /** Undefined where there are none. */
  readonly replicas: Database | undefined;
  readonly onRead: (source: ReadSource) => void;
}

/** Reads from a replica that has replayed enough, else from the primary. Never holds a connection of both. */
export class SplitReads {
  readonly #options: SplitReadsOptions;

  constructor(options: SplitReadsOptions) {
    this.#options = options;
  }

  /** @param minimumLsn what a replica must have replayed */
  async find<Row extends pg.QueryResultRow>(
    read: SplitRead,
    values: readonly Value[],
    minimumLsn: Lsn,
  ): Promise<Row | undefined> {
    const found = await this.#onReplica<Row>(read.onReplica, values, minimumLsn);
    const isAnswered = typeof found === 'object';
    this.#options.onRead(isAnswered ? 'replica' : found);
    if (isAnswered) return found;
    const [row] = await this.#options.primary.read<Row>(read.onPrimary, values);
    return row;
  }

  /** The row, or why the primary has to be asked. A replica cannot tell what does not exist from what has not come. */
  async #onReplica<Row extends pg.QueryResultRow>(
    statement: Statement,
    values: readonly Value[],
    minimumLsn: Lsn,
  ): Promise<Row | Exclude<ReadSource, 'replica'>> {
    const { replicas } = this.#options;
    if (replicas === undefined || minimumLsn >= beyondReplicas) return 'primary_unknown';
    try {
      type FoundRow = Row & { is_fresh: boolean; is_found: boolean | null };
      const [row] = await replicas.query<FoundRow>(statement, [...values, formatLsn(minimumLsn)]);
      if (row?.is_fresh !== true) return 'primary_stale';
      return row.is_found === true ? row : 'primary_absent';
    } catch (error) {
      if (error instanceof DependencyUnavailableError) return 'primary_failed';
      throw error;
    }
  }
}
