import type { Announce } from '../../cache/invalidation-announcer.ts';
import type { InvalidationEvent } from '../../cache/invalidation-events.ts';
import type { MailedTokenStore, ResetAccount } from '../../domain/recovery.ts';
import type { Database, Query, Statement } from './database.ts';
import { isUniqueViolation } from './database-errors.ts';
import { insertPasswordNotice } from './mail-outbox.ts';
import { setPassword } from './user-statements.ts';
import { record } from './user-store.ts';

const insertToken: Statement = {
  name: 'insert_account_token',
  text: `INSERT INTO auth.account_tokens (token_hash, user_id, purpose, email, credential_version, expires_at)
    VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))`,
};

/** For a token `t` and its user `u`: nothing has happened since that would make it worthless. */
const isGoodReset = `t.token_hash = $1 AND t.purpose = 'reset_password' AND t.expires_at > now() AND u.id = t.user_id
      AND u.status = 'active' AND u.credential_version = t.credential_version
      AND u.email = t.email AND u.verified_email = t.email`;

const selectResetAccount: Statement = {
  name: 'select_reset_account',
  text: `SELECT u.id, u.username, u.username_key, u.email, u.display_name, u.password_change_required, c.password_hash
    FROM auth.account_tokens t, auth.users u JOIN auth.credentials c ON c.user_id = u.id WHERE ${isGoodReset}`,
};

/** Of two tokens of one account at once the second finds another version, and so changes nothing. */
const useResetToken: Statement = {
  name: 'use_reset_token',
  text: `UPDATE auth.users u SET credential_version = u.credential_version + 1, password_change_required = false
    FROM auth.account_tokens t WHERE ${isGoodReset} RETURNING u.id`,
};

const endSessions: Statement = {
  name: 'end_sessions_by_reset',
  text: `UPDATE auth.sessions SET ended_at = now(), end_reason = 'password_reset'
    WHERE user_id = $1 AND ended_at IS NULL RETURNING id`,
};

const deleteTokens: Statement = {
  name: 'delete_account_tokens',
  text: 'DELETE FROM auth.account_tokens WHERE user_id = $1',
};

const selectVerification: Statement = {
  name: 'select_verification',
  text: `SELECT t.email FROM auth.account_tokens t JOIN auth.users u ON u.id = t.user_id
    WHERE t.token_hash = $1 AND t.purpose = 'verify_email' AND t.user_id = $2 AND t.expires_at > now()
      AND u.email = t.email AND u.credential_version = t.credential_version
    FOR UPDATE`,
};

const setVerified: Statement = {
  name: 'set_verified_email',
  text: `UPDATE auth.users SET verified_email = $2, verified_email_key = $3, version = version + 1, updated_at = now()
    WHERE id = $1`,
};

const deleteVerifications: Statement = {
  name: 'delete_verifications',
  text: `DELETE FROM auth.account_tokens WHERE user_id = $1 AND purpose = 'verify_email'`,
};

interface ResetRow {
  id: string;
  username: string;
  username_key: string;
  email: string;
  display_name: string | null;
  password_change_required: boolean;
  password_hash: string;
}

export class PostgresMailedTokenStore implements MailedTokenStore {
  readonly #primary: Database;
  readonly #announce: Announce;

  /** @param options `announce` is told of what has changed, once it is committed */
  constructor(primary: Database, options: { readonly announce: Announce }) {
    this.#primary = primary;
    this.#announce = options.announce;
  }

  async add(token: Parameters<MailedTokenStore['add']>[0]): Promise<void> {
    const { tokenHash, userId, purpose, email, credentialVersion, lifetimeSeconds } = token;
    await this.#primary.query(insertToken, [tokenHash, userId, purpose, email, credentialVersion, lifetimeSeconds]);
  }

  async findResetAccount(tokenHash: Buffer): Promise<ResetAccount | undefined> {
    const [row] = await this.#primary.read<ResetRow>(selectResetAccount, [tokenHash]);
    if (row === undefined) return undefined;
    const words = [row.username, row.email, row.display_name].filter((word) => word !== null);
    const { password_hash: passwordHash, password_change_required: isPasswordChangeRequired } = row;
    return { userId: row.id, usernameKey: row.username_key, words, passwordHash, isPasswordChangeRequired };
  }

  resetPassword({ tokenHash, passwordHash }: Parameters<MailedTokenStore['resetPassword']>[0]): Promise<boolean> {
    return this.#change(async (query) => {
      const [user] = await query<{ id: string }>(useResetToken, [tokenHash]);
      if (user === undefined) return undefined;
      await query(setPassword, [user.id, passwordHash]);
      await query(deleteTokens, [user.id]);
      await query(insertPasswordNotice, [user.id]);
      return record(query, user.id, await query<{ id: string }>(endSessions, [user.id]));
    });
  }

  async verifyEmail(
    token: Parameters<MailedTokenStore['verifyEmail']>[0],
  ): ReturnType<MailedTokenStore['verifyEmail']> {
    const { tokenHash, userId, key } = token;
    try {
      const isVerified = await this.#change(async (query) => {
        const [found] = await query<{ email: string }>(selectVerification, [tokenHash, userId]);
        if (found === undefined) return undefined;
        await query(setVerified, [userId, found.email, key(found.email)]);
        await query(deleteVerifications, [userId]);
        return record(query, userId, []);
      });
      return isVerified ? 'verified' : 'invalid';
    } catch (error) {
      if (isUniqueViolation(error, 'users_verified_email_key')) return 'taken';
      throw error;
    }
  }

  /** Whether the body changed anything, and so has an event. */
  async #change(body: (query: Query) => Promise<InvalidationEvent | undefined>): Promise<boolean> {
    const event = await this.#primary.transaction(body);
    if (event !== undefined) await this.#announce(event);
    return event !== undefined;
  }
}
