import type { Announce } from '../../cache/invalidation-announcer.ts';
import { type InvalidationEvent, userUpdate } from '../../cache/invalidation-events.ts';
import type { PendingAuditEvent } from '../../domain/audit.ts';
import type {
  Credentials,
  LoginAccount,
  NewUser,
  ProfileChange,
  UserProfile,
  UserStore,
  Verification,
} from '../../domain/ports/users.ts';
import { queryAsAct, recordAct } from './audit-events.ts';
import { recordEvent } from './cache-versions.ts';
import { type Database, isUniqueViolation, type Query, type Statement } from './database.ts';
import { permissionsOf, rolesOf, secondFactorRequired } from './grant-names.ts';
import { insertPasswordNotice } from './mail-outbox.ts';
import { basicsOf, type ProfileRow, profileColumns, profileOf } from './profile-row.ts';

const insertUser: Statement = {
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

const selectForLogin: Statement = {
  name: 'select_for_login',
  text: `SELECT ${profileColumns('u')}, c.password_hash, u.credential_version, u.status = 'active' AS is_active,
      EXISTS (SELECT 1 FROM auth.second_factors f WHERE f.user_id = u.id AND f.is_confirmed) AS has_second_factor,
      ${secondFactorRequired('u.id')} AS is_second_factor_required,
      ${rolesOf('u.id')} AS roles, ${permissionsOf('u.id')} AS permissions
    FROM auth.users u JOIN auth.credentials c ON c.user_id = u.id
    WHERE u.username_key = $1`,
};

const selectCredentials: Statement = {
  name: 'select_credentials',
  text: `SELECT u.username, u.email, u.display_name, c.password_hash
    FROM auth.users u JOIN auth.credentials c ON c.user_id = u.id WHERE u.id = $1`,
};

/**
 * $3, $5 and $8 tell whether $4, $6 and $9 are meant, since null is a value. With $10 another address gets mail to be
 * verified, and the one before is told if it had been.
 */
const updateProfile: Statement = {
  name: 'update_profile',
  text: `WITH before AS (
      SELECT id, verified_email, $3 AND $4::text IS DISTINCT FROM email AS is_moving,
        verified_email = email AS was_verified
      FROM auth.users WHERE id = $1 AND version = $2 FOR UPDATE
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

/** Waits for logins that are opening a session, so that the statement after it sees their sessions. */
const raiseCredentialVersion: Statement = {
  name: 'raise_credential_version',
  text: 'UPDATE auth.users SET credential_version = credential_version + 1 WHERE id = $1',
};

const updatePassword: Statement = {
  name: 'update_password',
  text: `UPDATE auth.credentials SET password_hash = $3, changed_at = now()
    WHERE user_id = $1 AND password_hash = $2 RETURNING user_id`,
};

const endOtherSessions: Statement = {
  name: 'end_other_sessions',
  text: `UPDATE auth.sessions SET ended_at = now(), end_reason = 'password_change'
    WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL RETURNING id`,
};

const lockUser: Statement = {
  name: 'lock_user',
  text: 'SELECT id FROM auth.users WHERE id = $1 FOR UPDATE',
};

const selectLiveSessionIds: Statement = {
  name: 'select_live_session_ids',
  text: 'SELECT id FROM auth.sessions WHERE user_id = $1 AND ended_at IS NULL',
};

const deleteUser: Statement = { name: 'delete_user', text: 'DELETE FROM auth.users WHERE id = $1' };

interface LoginRow extends ProfileRow {
  password_hash: string;
  /** bigint: node-pg gives a string. */
  credential_version: string;
  is_active: boolean;
  has_second_factor: boolean;
  is_second_factor_required: boolean;
  permissions: string[];
}

export class PostgresUserStore implements UserStore {
  readonly #primary: Database;
  readonly #announce: Announce;
  readonly #sendsMail: boolean;

  /** @param options `announce` is told of every change of a user, once it is committed */
  constructor(primary: Database, options: { readonly announce: Announce; readonly sendsMail: boolean }) {
    this.#primary = primary;
    this.#announce = options.announce;
    this.#sendsMail = options.sendsMail;
  }

  async create(user: NewUser, event?: PendingAuditEvent): ReturnType<UserStore['create']> {
    const { id, username, usernameKey, email, displayName, locale, passwordHash, verification } = user;
    const mail = [verification?.mailId ?? null, verification?.languages ?? []];
    const values = [id, username, usernameKey, email, displayName, locale, passwordHash, ...mail];
    event?.about({ subjectId: id });
    try {
      type Row = Pick<ProfileRow, 'version' | 'created_at' | 'updated_at'>;
      const [row] = await queryAsAct<Row>(this.#primary, [insertUser, values], event);
      if (row === undefined) throw new Error('the insertion of a user returned nothing');
      const given = { id, username, email, is_email_verified: false, display_name: displayName, locale, roles: [] };
      const profile = profileOf({ ...row, ...given });
      return { kind: 'created', profile };
    } catch (error) {
      // The id is there where a request was repeated while the first one was about to create it.
      if (['users_username_key_key', 'users_pkey'].some((each) => isUniqueViolation(error, each)))
        return { kind: 'usernameTaken' };
      throw error;
    }
  }

  async findForLogin(usernameKey: string): Promise<LoginAccount | undefined> {
    const [row] = await this.#primary.read<LoginRow>(selectForLogin, [usernameKey]);
    if (row === undefined) return undefined;
    return {
      userId: row.id,
      passwordHash: row.password_hash,
      credentialVersion: Number(row.credential_version),
      isActive: row.is_active,
      secondFactor: row.has_second_factor ? 'enrolled' : row.is_second_factor_required ? 'missing' : 'none',
      roles: row.roles,
      permissions: row.permissions,
      profile: basicsOf(row),
    };
  }

  async findCredentials(userId: string): Promise<Credentials | undefined> {
    type Row = Pick<ProfileRow, 'username' | 'email' | 'display_name'> & Pick<LoginRow, 'password_hash'>;
    const [row] = await this.#primary.read<Row>(selectCredentials, [userId]);
    if (row === undefined) return undefined;
    const { username, email, display_name: displayName, password_hash: passwordHash } = row;
    return { username, email, displayName, passwordHash };
  }

  async changeProfile(
    userId: string,
    version: number,
    change: ProfileChange,
    verification: Verification | undefined,
  ): Promise<UserProfile | undefined> {
    const [row] = await this.#primary.query<ProfileRow>(updateProfile, [
      userId,
      version,
      change.email !== undefined,
      change.email ?? null,
      change.displayName !== undefined,
      change.displayName ?? null,
      JSON.stringify(userUpdate(userId).targets),
      change.locale !== undefined,
      change.locale ?? null,
      verification?.mailId ?? null,
      verification?.languages ?? [],
    ]);
    if (row === undefined) return undefined;
    await this.#announce(userUpdate(userId));
    return profileOf(row);
  }

  changePassword({ userId, from, to, keptSessionId }: Parameters<UserStore['changePassword']>[0]): Promise<boolean> {
    return this.#change(async (query) => {
      await query(raiseCredentialVersion, [userId]);
      const changed = await query(updatePassword, [userId, from, to]);
      if (changed.length === 0) return undefined;
      const ended = await query<{ id: string }>(endOtherSessions, [userId, keptSessionId]);
      if (this.#sendsMail) await query(insertPasswordNotice, [userId]);
      return record(query, userId, ended);
    });
  }

  delete(userId: string, act?: PendingAuditEvent): Promise<boolean> {
    return this.#change(async (query) => {
      const found = await query(lockUser, [userId]);
      if (found.length === 0) return undefined;
      const event = await record(query, userId, await query<{ id: string }>(selectLiveSessionIds, [userId]));
      await query(deleteUser, [userId]);
      await recordAct(query, act);
      return event;
    });
  }

  /** Whether the body changed anything, and so has an event. */
  async #change(body: (query: Query) => Promise<InvalidationEvent | undefined>): Promise<boolean> {
    const event = await this.#primary.transaction(body);
    if (event !== undefined) await this.#announce(event);
    return event !== undefined;
  }
}

/** Records one event for the user and the ended sessions, since a transaction has one place in the outbox. */
export async function record(
  query: Query,
  userId: string,
  ended: readonly { id: string }[],
): Promise<InvalidationEvent> {
  const event = userUpdate(
    userId,
    ended.map(({ id }) => id),
  );
  await recordEvent(query, event);
  return event;
}
