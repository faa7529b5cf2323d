import { GatheredReads } from '../../cache/gathered-reads.ts';
import type { Announce } from '../../cache/invalidation-announcer.ts';
import { sessionLogout } from '../../cache/invalidation-events.ts';
import type { SessionState } from '../../cache/live-sessions.ts';
import type { LocalCache } from '../../cache/local-cache.ts';
import type { LoginMemory, PreparedMemory } from '../../cache/login-memory.ts';
import type { PendingAuditEvent } from '../../domain/audit.ts';
import type { Page } from '../../domain/ports/page.ts';
import type {
  EndedSession,
  NewSession,
  PreparedSession,
  RefreshedSession,
  RefreshTokenState,
  SessionEnd,
  SessionStore,
  SessionSummary,
} from '../../domain/ports/sessions.ts';
import { auditJson, queryAsAct } from './audit-events.ts';
import type { Database, Statement } from './database.ts';
import { basicsOf } from './profile-row.ts';
import {
  authenticateAgain,
  type ExpiryRow,
  endAllSessions,
  endSession,
  endSessionByToken,
  endSessionOfUser,
  exchangeToken,
  insertSession,
  type OpenedRow,
  type RefreshedRow,
  type SessionRow,
  selectLive,
  selectSessions,
  selectToken,
  type TokenRow,
} from './session-statements.ts';

export interface SessionStoreOptions {
  /** Told of every session that ended, once that is committed. */
  readonly announce: Announce;
  /** What was just written need not be read: the first check of a session's token is about to come. */
  readonly memory: Pick<LocalCache<SessionState>, 'moment' | 'remember'>;
  readonly logins: Pick<LoginMemory, 'prepare'>;
  readonly maxSessionsPerUser: number;
  /** Since the login; undefined: for as long as it is refreshed. */
  readonly maxLifetimeSeconds: number | undefined;
}

export class PostgresSessionStore implements SessionStore {
  readonly #primary: Database;
  readonly #options: SessionStoreOptions;

  /** Without Redis every check comes here, which as a statement each would be more than a primary can answer. */
  readonly #live = new GatheredReads<SessionState>({
    read: async (ids) => {
      const rows = await this.#primary.read<ExpiryRow & { id: string }>(selectLive, [ids]);
      return new Map(rows.map((row) => [row.id, stateOf(row)]));
    },
  });

  constructor(primary: Database, options: SessionStoreOptions) {
    this.#primary = primary;
    this.#options = options;
  }

  prepare(sessionId: string, userId: string): PreparedSession {
    const memory = this.#options.logins.prepare(sessionId, userId);
    return { id: sessionId, open: (session) => this.#open({ sessionId, userId }, session, memory) };
  }

  async #open(
    { sessionId, userId }: { readonly sessionId: string; readonly userId: string },
    session: NewSession,
    memory: PreparedMemory,
  ): ReturnType<PreparedSession['open']> {
    const { maxSessionsPerUser, maxLifetimeSeconds = Number.POSITIVE_INFINITY } = this.#options;
    const { event, hasSecondFactor } = session;
    event?.about({ actorId: userId, subjectId: userId, sessionId, details: { second_factor: hasSecondFactor } });
    const remember = memory.beforeStatement();
    const [row] = await this.#primary.query<OpenedRow>(insertSession, [
      userId,
      session.credentialVersion,
      sessionId,
      Math.min(session.lifetimeSeconds, maxLifetimeSeconds),
      session.clientAddress ?? null,
      session.userAgent ?? null,
      session.refreshTokenHash,
      session.hashUpgrade?.from ?? null,
      session.hashUpgrade?.to ?? null,
      // Beside the new one.
      maxSessionsPerUser - 1,
      hasSecondFactor,
      event === undefined ? null : auditJson(event.ended('success')),
    ]);
    if (row === undefined) return { kind: 'credentialsChanged' };
    event?.settle();
    const { roles, permissions } = row;
    remember({ state: stateOf(row), profile: basicsOf(row), grants: { roles, permissions } });
    await this.#announceEnd(row.ended);
    return { kind: 'opened' };
  }

  async exchangeRefreshToken({
    presentedHash,
    successorHash,
    lifetimeSeconds,
  }: Parameters<SessionStore['exchangeRefreshToken']>[0]): Promise<RefreshedSession | undefined> {
    const { memory, maxLifetimeSeconds = null } = this.#options;
    const beforeWrite = memory.moment();
    const values = [presentedHash, successorHash, lifetimeSeconds, maxLifetimeSeconds];
    // Done before, it finds the token used, which is answered within the grace window as it would have been.
    const [row] = await this.#primary.repeatable<RefreshedRow & ExpiryRow>(exchangeToken, values);
    if (row === undefined) return undefined;
    memory.remember(row.session_id, stateOf(row), beforeWrite);
    return refreshedSession(row);
  }

  async authenticateAgain(sessionId: string, hasSecondFactor: boolean): Promise<readonly string[] | undefined> {
    const [row] = await this.#primary.query<{ roles: string[] }>(authenticateAgain, [sessionId, hasSecondFactor]);
    return row?.roles;
  }

  async findRefreshToken(tokenHash: Buffer): Promise<RefreshTokenState | undefined> {
    const [row] = await this.#primary.read<TokenRow>(selectToken, [tokenHash]);
    if (row === undefined) return undefined;
    return {
      ...refreshedSession(row),
      isSessionLive: row.is_session_live,
      usedSecondsAgo: row.used_seconds_ago,
      successorHash: row.successor_hash,
      isSuccessorUsed: row.is_successor_used,
    };
  }

  findLive(sessionId: string): Promise<SessionState | undefined> {
    return this.#live.find(sessionId);
  }

  async end(sessionId: string, reason: SessionEnd): Promise<boolean> {
    return (await this.#end(endSession, [sessionId, reason])).length === 1;
  }

  async endOfUser(sessionId: string, userId: string, reason: SessionEnd): Promise<boolean> {
    return (await this.#end(endSessionOfUser, [sessionId, userId, reason])).length === 1;
  }

  async endAllOfUser(userId: string, reason: SessionEnd, act?: PendingAuditEvent): Promise<number> {
    return (await this.#end(endAllSessions, [userId, reason], act)).length;
  }

  async list(userId: string, { after, limit }: Page): Promise<SessionSummary[]> {
    const rows = await this.#primary.read<SessionRow>(selectSessions, [userId, after ?? null, limit]);
    return rows.map((row) => ({
      id: row.id,
      createdAt: row.created_at,
      lastUsedAt: row.last_used_at,
      expiresAt: row.expires_at,
      clientAddress: row.client_address,
      userAgent: row.user_agent,
    }));
  }

  async endByRefreshToken(tokenHash: Buffer, reason: SessionEnd): Promise<EndedSession | undefined> {
    type Row = { id: string; user_id: string | null };
    const [named] = await this.#primary.repeatable<Row>(endSessionByToken, [tokenHash, reason]);
    if (named !== undefined) await this.#announceEnd([named.id]);
    return named === undefined || named.user_id === null ? undefined : { sessionId: named.id, userId: named.user_id };
  }

  async #end(
    statement: Statement,
    values: Parameters<Database['query']>[1],
    act?: PendingAuditEvent,
  ): Promise<{ id: string }[]> {
    const ended = await queryAsAct<{ id: string }>(this.#primary, [statement, values], act);
    await this.#announceEnd(ended.map(({ id }) => id));
    return ended;
  }

  async #announceEnd(sessionIds: readonly string[]): Promise<void> {
    if (sessionIds.length > 0) await this.#options.announce(sessionLogout(sessionIds));
  }
}

function refreshedSession(row: RefreshedRow): RefreshedSession {
  return {
    sessionId: row.session_id,
    userId: row.user_id,
    roles: row.roles,
    authenticatedAtSeconds: Math.floor(row.authenticated_seconds),
    hasSecondFactor: row.has_second_factor,
  };
}

function stateOf(row: ExpiryRow): SessionState {
  return { expiresAtMs: Math.floor(row.expires_seconds * 1000) };
}
