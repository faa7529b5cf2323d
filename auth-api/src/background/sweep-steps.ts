import { longestTtlSeconds } from '../cache/cache-types.ts';
import type { Database, Statement } from '../storage/postgres/database.ts';
import { PostgresInvalidationSource } from '../storage/postgres/outbox.ts';
import { countLoginsOfDay, maintainPartitions } from './audit-maintenance.ts';

/** Sessions that ended or expired this long ago are gone for good; until then they tell what happened. */
const keptSeconds = 86_400;
const batchSize = 500;
/** A day more than anything is cached for: transactions, loads and clocks take their time. */
const undeliveredSeconds = longestTtlSeconds + 86_400;
/** A session may have had any number of them: so many are surely deleted within the time that a statement has. */
const tokenBatchSize = 2_000;

/**
 * Of those that ended, the expiry does not matter: each half has its index. The time is no parameter: a plan for any value
 * would not know that they are few.
 */
const longAgo = `now() - make_interval(secs => ${keptSeconds})`;
const isOld = `(ended_at < ${longAgo} OR ended_at IS NULL AND expires_at < ${longAgo})`;

const selectOldSessions: Statement = {
  name: 'select_sessions_to_sweep',
  text: `SELECT id FROM auth.sessions WHERE ${isOld} LIMIT $1`,
};

const deleteTokensOfSessions: Statement = {
  name: 'sweep_tokens_of_sessions',
  text: `WITH old AS (
      SELECT token_hash FROM auth.refresh_tokens
      WHERE session_id = ANY ($1::uuid[]) LIMIT $2 FOR UPDATE SKIP LOCKED
    )
    DELETE FROM auth.refresh_tokens t USING old WHERE t.token_hash = old.token_hash RETURNING t.session_id`,
};

/** None that still has tokens, any number of which would be deleted with it. */
const deleteSessionsWithoutTokens: Statement = {
  name: 'sweep_sessions_without_tokens',
  text: `WITH old AS (
      SELECT id FROM auth.sessions s
      WHERE id = ANY ($1::uuid[]) AND ${isOld}
        AND NOT EXISTS (SELECT FROM auth.refresh_tokens t WHERE t.session_id = s.id)
      FOR UPDATE SKIP LOCKED
    )
    DELETE FROM auth.sessions s USING old WHERE s.id = old.id RETURNING s.id`,
};

/** Used tokens tell reuse for as long as they would have been good themselves. */
const deleteTokens: Statement = {
  name: 'sweep_refresh_tokens',
  text: `WITH old AS (
      SELECT token_hash FROM auth.refresh_tokens
      WHERE created_at < now() - make_interval(secs => $1) AND used_at IS NOT NULL
      LIMIT $2 FOR UPDATE SKIP LOCKED
    )
    DELETE FROM auth.refresh_tokens t USING old WHERE t.token_hash = old.token_hash RETURNING t.session_id`,
};

/** Of a table whose rows say when they expire; `returned` is some column. */
function deleteExpired(table: string, key: string, returned: string): Statement {
  return {
    name: `sweep_${table}`,
    text: `WITH old AS (
      SELECT ${key} FROM auth.${table} WHERE expires_at < now() LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    DELETE FROM auth.${table} t USING old WHERE t.${key} = old.${key} RETURNING t.${returned}`,
  };
}

const deleteMailedTokens = deleteExpired('account_tokens', 'token_hash', 'user_id');
const deleteChallenges = deleteExpired('login_challenges', 'token_hash', 'user_id');
const deleteIdempotencyKeys = deleteExpired('idempotency_keys', 'key_hash', 'created_id');

/** How many of each were deleted; and what became of partitions. */
export type Swept = Readonly<Record<SweptKind, number>>;

type SweptKind =
  | 'sessions'
  | 'tokens'
  | 'mailedTokens'
  | 'challenges'
  | 'idempotencyKeys'
  | 'invalidations'
  | 'partitionsCreated'
  | 'partitionsDropped';

export interface SweptBatch {
  readonly swept: Partial<Swept>;
  /** The batch was full. */
  readonly isMore: boolean;
}

export interface SweepStep {
  /** What the log calls it. */
  readonly name: string;
  /** One batch, small enough for the time that a statement has. */
  run(primary: Database): Promise<SweptBatch>;
}

export interface Retention {
  readonly refreshLifetimeSeconds: number;
  readonly auditRetentionDays: number;
}

/** What a sweep does, in this order. None of it needs another to have succeeded. */
export function sweepSteps({ refreshLifetimeSeconds, auditRetentionDays }: Retention): readonly SweepStep[] {
  return [
    { name: 'sessions', run: sweepSessions },
    batches('tokens', deleteTokens, [refreshLifetimeSeconds + keptSeconds]),
    batches('mailedTokens', deleteMailedTokens),
    batches('challenges', deleteChallenges),
    batches('idempotencyKeys', deleteIdempotencyKeys),
    { name: 'invalidations', run: sweepInvalidations },
    {
      name: 'partitions',
      run: async (primary) => ({ swept: await maintainPartitions(primary, auditRetentionDays), isMore: false }),
    },
    {
      name: 'loginCounts',
      run: async (primary) => {
        await countLoginsOfDay(primary);
        return { swept: {}, isMore: false };
      },
    },
  ];
}

function batches(kind: SweptKind, statement: Statement, values: readonly number[] = []): SweepStep {
  return {
    name: kind,
    run: async (primary) => {
      const { length } = await primary.query(statement, [...values, batchSize]);
      return { swept: { [kind]: length }, isMore: length === batchSize };
    },
  };
}

async function sweepSessions(primary: Database): Promise<SweptBatch> {
  const old = await primary.query<{ id: string }>(selectOldSessions, [batchSize]);
  if (old.length === 0) return { swept: {}, isMore: false };
  const ids = old.map(({ id }) => id);
  const tokens = await primary.query(deleteTokensOfSessions, [ids, tokenBatchSize]);
  const sessions = await primary.query(deleteSessionsWithoutTokens, [ids]);
  return {
    swept: { tokens: tokens.length, sessions: sessions.length },
    isMore: old.length === batchSize || tokens.length === tokenBatchSize,
  };
}

/** The relay forgets what it has delivered. Without Redis, or where it is away for long, there is none. */
async function sweepInvalidations(primary: Database): Promise<SweptBatch> {
  const outbox = new PostgresInvalidationSource(primary);
  const invalidations = await outbox.forgetOlderThan(undeliveredSeconds, batchSize);
  return { swept: { invalidations }, isMore: invalidations >= batchSize };
}
