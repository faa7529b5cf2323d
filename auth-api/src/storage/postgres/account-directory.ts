import type { Announce } from '../../cache/invalidation-announcer.ts';
import { userUpdate } from '../../cache/invalidation-events.ts';
import type { Account, AccountDirectory, AccountPage } from '../../domain/administration.ts';
import type { PendingAuditEvent } from '../../domain/audit.ts';
import type { Taking } from '../../domain/ports/users.ts';
import { accountColumns, accountSearch } from './account-search.ts';
import { queryAsAct, recordAct } from './audit-events.ts';
import { recordEvent } from './cache-versions.ts';
import { leavesSomebodyInCharge } from './charge-of-roles.ts';
import type { Database, Query, Statement } from './database.ts';
import { type ProfileRow, profileOf } from './profile-row.ts';
import { lockUser } from './user-statements.ts';

const selectAccount: Statement = {
  name: 'select_account',
  text: `SELECT ${accountColumns} FROM auth.users u WHERE u.id = $1`,
};

/** Waits for logins that are opening a session, so that the statement after it sees their sessions. */
const updateStatus: Statement = {
  name: 'update_status',
  text: `UPDATE auth.users SET status = $2, version = version + 1, updated_at = now() WHERE id = $1 RETURNING id`,
};

/** The same lock, and a version that no login that has begun knows of. */
const requireChange: Statement = {
  name: 'require_password_change',
  text: `UPDATE auth.users SET password_change_required = true, credential_version = credential_version + 1
    WHERE id = $1 RETURNING id`,
};

const stopRequiringChange: Statement = {
  name: 'stop_requiring_password_change',
  text: 'UPDATE auth.users SET password_change_required = false WHERE id = $1 RETURNING id',
};

const endSessions: Statement = {
  name: 'end_sessions_of_account',
  text: `UPDATE auth.sessions SET ended_at = now(), end_reason = 'revoked'
    WHERE user_id = $1 AND ended_at IS NULL RETURNING id`,
};

interface AccountRow extends ProfileRow {
  status: Account['status'];
  last_login_at: Date | null;
  password_change_required: boolean;
}

export class PostgresAccountDirectory implements AccountDirectory {
  readonly #primary: Database;
  readonly #announce: Announce;

  /** @param announce told of every change of status, once it is committed */
  constructor(primary: Database, announce: Announce) {
    this.#primary = primary;
    this.#announce = announce;
  }

  async search(...[search, { after, limit }]: Parameters<AccountDirectory['search']>): Promise<AccountPage> {
    // One more tells whether there is a next page.
    const { statement, values } = accountSearch(search, after, limit + 1);
    const rows = await this.#primary.read<AccountRow & { search_key: string }>(statement, values);
    const shown = rows.slice(0, limit);
    const lastShown = rows.length > limit ? shown.at(-1) : undefined;
    const end = lastShown && { key: lastShown.search_key, id: lastShown.id };
    return { accounts: shown.map(accountOf), end };
  }

  async find(userId: string): Promise<Account | undefined> {
    const [row] = await this.#primary.read<AccountRow>(selectAccount, [userId]);
    return row === undefined ? undefined : accountOf(row);
  }

  setStatus(userId: string, status: Account['status'], act: PendingAuditEvent): Promise<Taking> {
    const isDisabling = status === 'disabled';
    const change = async (query: Query): Promise<Taking> => {
      if (isDisabling) {
        await query(lockUser, [userId]);
        if (!(await leavesSomebodyInCharge(query, userId, null))) return 'neededByService';
      }
      return (await query(updateStatus, [userId, status])).length > 0 ? 'done' : 'notFound';
    };
    return this.#change(userId, change, isDisabling, act);
  }

  async requirePasswordChange(
    ...[userId, { endsSessions }, act]: Parameters<AccountDirectory['requirePasswordChange']>
  ): Promise<boolean> {
    const change = async (query: Query): Promise<Taking> =>
      (await query(requireChange, [userId])).length > 0 ? 'done' : 'notFound';
    return (await this.#change(userId, change, endsSessions, act)) === 'done';
  }

  async stopRequiringPasswordChange(userId: string, act: PendingAuditEvent): Promise<boolean> {
    return (await queryAsAct(this.#primary, [stopRequiringChange, [userId]], act)).length > 0;
  }

  async #change(
    userId: string,
    change: (query: Query) => Promise<Taking>,
    endsSessions: boolean,
    act: PendingAuditEvent,
  ): Promise<Taking> {
    const outcome = await this.#primary.transaction(async (query) => {
      const taken = await change(query);
      if (taken !== 'done') return taken;
      const ended = endsSessions ? await query<{ id: string }>(endSessions, [userId]) : [];
      const event = userUpdate(
        userId,
        ended.map(({ id }) => id),
      );
      await recordEvent(query, event);
      await recordAct(query, act);
      return event;
    });
    if (typeof outcome === 'string') return outcome;
    await this.#announce(outcome);
    return 'done';
  }
}

function accountOf(row: AccountRow): Account {
  return {
    ...profileOf(row),
    status: row.status,
    lastLoginAt: row.last_login_at,
    isPasswordChangeRequired: row.password_change_required,
  };
}
