import type { Database, Statement } from '../storage/postgres/database.ts';
import { type AuditMaintained, maintainAuditLog } from './audit-maintenance.ts';

/** Sessions that ended or expired this long ago are gone for good; until then they tell what happened. */
const keptSeconds = 86_400;
const batchSize = 500;

const deleteSessions: Statement = {
  name: 'sweep_sessions',
  text: `WITH old AS (
      SELECT id FROM auth.sessions
      WHERE ended_at < now() - make_interval(secs => $1) OR expires_at < now() - make_interval(secs => $1)
      LIMIT $2 FOR UPDATE SKIP LOCKED
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

const deleteMailedTokens: Statement = {
  name: 'sweep_account_tokens',
  text: `WITH old AS (
      SELECT token_hash FROM auth.account_tokens WHERE expires_at < now() LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    DELETE FROM auth.account_tokens t USING old WHERE t.token_hash = old.token_hash RETURNING t.user_id`,
};

const deleteChallenges: Statement = {
  name: 'sweep_login_challenges',
  text: `WITH old AS (
      SELECT token_hash FROM auth.login_challenges WHERE expires_at < now() LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    DELETE FROM auth.login_challenges c USING old WHERE c.token_hash = old.token_hash RETURNING c.user_id`,
};

const deleteIdempotencyKeys: Statement = {
  name: 'sweep_idempotency_keys',
  text: `WITH old AS (
      SELECT key_hash FROM auth.idempotency_keys WHERE expires_at < now() LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    DELETE FROM auth.idempotency_keys k USING old WHERE k.key_hash = old.key_hash RETURNING k.created_id`,
};

export interface SweeperOptions {
  readonly primary: Database;
  readonly lease: { take(): Promise<boolean> };
  readonly refreshLifetimeSeconds: number;
  readonly auditRetentionDays: number;
}

/** How many of each were deleted; and what became of partitions. */
export type Swept = Readonly<
  Record<'sessions' | 'tokens' | 'mailedTokens' | 'challenges' | 'idempotencyKeys', number>
> &
  AuditMaintained;

const nothing: Swept = {
  sessions: 0,
  tokens: 0,
  mailedTokens: 0,
  challenges: 0,
  idempotencyKeys: 0,
  partitionsCreated: 0,
  partitionsDropped: 0,
};

export function isMoreToSweep(swept: Swept): boolean {
  return Object.values(swept).some((count) => count === batchSize);
}

/** Deletes what nobody needs any more, a small batch at a time, on one pod at a time. */
export class Sweeper {
  readonly #options: SweeperOptions;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  /** One batch of each. Where one was full there is more. */
  async sweep(): Promise<Swept> {
    const { primary, lease, refreshLifetimeSeconds, auditRetentionDays } = this.#options;
    if (!(await lease.take())) return nothing;
    const sessions = await primary.query(deleteSessions, [keptSeconds, batchSize]);
    const tokens = await primary.query(deleteTokens, [refreshLifetimeSeconds + keptSeconds, batchSize]);
    const mailedTokens = await primary.query(deleteMailedTokens, [batchSize]);
    const challenges = await primary.query(deleteChallenges, [batchSize]);
    const idempotencyKeys = await primary.query(deleteIdempotencyKeys, [batchSize]);
    const audit = await maintainAuditLog(primary, auditRetentionDays);
    return {
      ...audit,
      sessions: sessions.length,
      tokens: tokens.length,
      mailedTokens: mailedTokens.length,
      challenges: challenges.length,
      idempotencyKeys: idempotencyKeys.length,
    };
  }
}
