import type { Statement } from './database.ts';
import { rolesOf, secondFactorConfirmed, secondFactorRequired } from './grant-names.ts';
import { profileColumns } from './profile-row.ts';

export const insertUser: Statement = {
  name: 'insert_user',
  text: `WITH account AS (
      INSERT INTO auth.users (id, username, username_key, email, display_name, locale)
      VALUES ($1, $2, $3, $4, $5, $6)
      RETURNING id, version, created_at, updated_at
    ), credential AS (
      INSERT INTO auth.credentials (user_id, password_hash) SELECT id, $7 FROM account
    ), mail AS (
      INSERT INTO auth.mail_outbox (id, template, user_id, languages)
      SELECT $8::uuid, 'verify_email', id, $9::text[] FROM account WHERE $8::uuid IS NOT NULL
    )
    SELECT version, created_at, updated_at FROM account`,
};

export const selectForLogin: Statement = {
  name: 'select_for_login',
  text: `SELECT u.id, c.password_hash, u.credential_version, u.status = 'active' AS is_active,
      u.password_change_required,
      ${secondFactorConfirmed('u.id')} AS has_second_factor,
      ${secondFactorRequired('u.id')} AS is_second_factor_required,
      ${rolesOf('u.id')} AS roles
    FROM auth.users u JOIN auth.credentials c ON c.user_id = u.id
    WHERE u.username_key = $1`,
};

export const selectCredentials: Statement = {
  name: 'select_credentials',
  text: `SELECT u.username, u.email, u.display_name, u.credential_version, u.password_change_required, c.password_hash
    FROM auth.users u JOIN auth.credentials c ON c.user_id = u.id WHERE u.id = $1`,
};

/**
 * $3, $5 and $8 tell whether $4, $6 and $9 are meant, since null is a value. With $10 another address gets mail to be
 * verified, and the one before is told if it had been.
 */
export const updateProfile: Statement = {
  name: 'update_profile',
  text: `WITH before AS (
      SELECT id, verified_email, $3 AND $4::text IS DISTINCT FROM email AS is_moving,
        verified_email = email AS was_verified
      FROM auth.users WHERE id = $1 AND ($2::bigint[] IS NULL OR version = ANY ($2)) FOR UPDATE
    ), changed AS (
      UPDATE auth.users u SET version = version + 1, updated_at = now(),
        email = CASE WHEN $3 THEN $4 ELSE u.email END,
        verified_email = CASE WHEN b.is_moving THEN NULL ELSE u.verified_email END,
        verified_email_key = CASE WHEN b.is_moving THEN NULL ELSE u.verified_email_key END,
        display_name = CASE WHEN $5 THEN $6 ELSE u.display_name END,
        locale = CASE WHEN $8 THEN $9 ELSE u.locale END
      FROM before b WHERE u.id = b.id
      RETURNING ${profileColumns('u')}
    ), event AS (
      INSERT INTO auth.outbox (kind, targets) SELECT 'user_update', $7 FROM changed
    ), verification AS (
      INSERT INTO auth.mail_outbox (id, template, user_id, languages)
      SELECT $10::uuid, 'verify_email', b.id, $11::text[] FROM before b
      WHERE $10::uuid IS NOT NULL AND b.is_moving AND $4::text IS NOT NULL
    ), notice AS (
      INSERT INTO auth.mail_outbox (id, template, user_id, recipient, languages)
      SELECT gen_random_uuid(), 'email_changed', b.id, b.verified_email, $11::text[] FROM before b
      WHERE $10::uuid IS NOT NULL AND b.is_moving AND b.was_verified
    )
    SELECT c.id, c.username, c.email, c.is_email_verified, c.display_name, c.locale, c.version, c.created_at,
      c.updated_at, ${rolesOf('c.id')} AS roles
    FROM changed c`,
};

/**
 * Waits for logins that are opening a session, so that the statement after it sees their sessions, and for whoever
 * changes the account: nothing is raised where another version, or another status, comes of that.
 */
export const raiseCredentialVersion: Statement = {
  name: 'raise_credential_version',
  text: `UPDATE auth.users SET credential_version = credential_version + 1, password_change_required = false
    WHERE id = $1 AND credential_version = $2 AND status = 'active' RETURNING credential_version`,
};

export const setPassword: Statement = {
  name: 'set_password',
  text: 'UPDATE auth.credentials SET password_hash = $2, changed_at = now() WHERE user_id = $1',
};

export const endOtherSessions: Statement = {
  name: 'end_other_sessions',
  text: `UPDATE auth.sessions SET ended_at = now(), end_reason = 'password_change'
    WHERE user_id = $1 AND id IS DISTINCT FROM $2 AND ended_at IS NULL RETURNING id`,
};

export const lockUser: Statement = {
  name: 'lock_user',
  text: 'SELECT id FROM auth.users WHERE id = $1 FOR UPDATE',
};

export const selectLiveSessionIds: Statement = {
  name: 'select_live_session_ids',
  text: 'SELECT id FROM auth.sessions WHERE user_id = $1 AND ended_at IS NULL',
};

/** With all that refers to it, and with what waits in its name for mail: that refers to nobody yet. */
export const deleteUser: Statement = {
  name: 'delete_user',
  text: `WITH deleted AS (DELETE FROM auth.users WHERE id = $1 RETURNING username_key, verified_email_key)
    DELETE FROM auth.mail_outbox o USING deleted d WHERE o.identifier_key IN (d.username_key, d.verified_email_key)`,
};

export interface LoginRow {
  id: string;
  password_hash: string;
  /** bigint: node-pg gives a string. */
  credential_version: string;
  is_active: boolean;
  password_change_required: boolean;
  has_second_factor: boolean;
  is_second_factor_required: boolean;
  roles: string[];
}
