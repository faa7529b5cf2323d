import type { Announce } from '../../cache/invalidation-announcer.ts';
import { type InvalidationEvent, userUpdate } from '../../cache/invalidation-events.ts';
import type { PendingAuditEvent } from '../../domain/audit.ts';
import type { ExpectedVersion } from '../../domain/ports/expected-version.ts';
import type {
  Credentials,
  LoginAccount,
  NewUser,
  ProfileChange,
  Taking,
  UserProfile,
  UserStore,
  Verification,
} from '../../domain/ports/users.ts';
import { queryAsAct, recordAct } from './audit-events.ts';
import { recordEvent } from './cache-versions.ts';
import { leavesSomebodyInCharge } from './charge-of-roles.ts';
import type { Database, Query } from './database.ts';
import { isUniqueViolation } from './database-errors.ts';
import { insertPasswordNotice } from './mail-outbox.ts';
import { type ProfileRow, profileOf } from './profile-row.ts';
import {
  deleteUser,
  endOtherSessions,
  insertUser,
  type LoginRow,
  lockUser,
  raiseCredentialVersion,
  selectCredentials,
  selectForLogin,
  selectLiveSessionIds,
  setPassword,
  updateProfile,
} from './user-statements.ts';

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
      isPasswordChangeRequired: row.password_change_required,
      roles: row.roles,
    };
  }

  async findCredentials(userId: string): Promise<Credentials | undefined> {
    type Secret = Pick<LoginRow, 'password_hash' | 'credential_version' | 'password_change_required'>;
    type Row = Pick<ProfileRow, 'username' | 'email' | 'display_name'> & Secret;
    const [row] = await this.#primary.read<Row>(selectCredentials, [userId]);
    if (row === undefined) return undefined;
    return {
      username: row.username,
      email: row.email,
      displayName: row.display_name,
      passwordHash: row.password_hash,
      credentialVersion: Number(row.credential_version),
      isPasswordChangeRequired: row.password_change_required,
    };
  }

  async changeProfile(
    userId: string,
    version: ExpectedVersion,
    change: ProfileChange,
    verification: Verification | undefined,
  ): Promise<UserProfile | undefined> {
    const [row] = await this.#primary.query<ProfileRow>(updateProfile, [
      userId,
      version === 'any' ? null : version.map(String),
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

  async changePassword(change: Parameters<UserStore['changePassword']>[0]): Promise<number | undefined> {
    const { userId, credentialVersion, passwordHash, keptSessionId = null } = change;
    let version: number | undefined;
    await this.#change(async (query) => {
      version = undefined;
      const [raised] = await query<{ credential_version: string }>(raiseCredentialVersion, [userId, credentialVersion]);
      if (raised === undefined) return undefined;
      version = Number(raised.credential_version);
      await query(setPassword, [userId, passwordHash]);
      const ended = await query<{ id: string }>(endOtherSessions, [userId, keptSessionId]);
      if (this.#sendsMail) await query(insertPasswordNotice, [userId]);
      return record(query, userId, ended);
    });
    return version;
  }

  async delete(userId: string, act?: PendingAuditEvent): Promise<Taking> {
    const outcome = await this.#primary.transaction(async (query) => {
      const found = await query(lockUser, [userId]);
      if (found.length === 0) return 'notFound';
      if (!(await leavesSomebodyInCharge(query, userId, null))) return 'neededByService';
      const event = await record(query, userId, await query<{ id: string }>(selectLiveSessionIds, [userId]));
      await query(deleteUser, [userId]);
      await recordAct(query, act);
      return event;
    });
    if (typeof outcome === 'string') return outcome;
    await this.#announce(outcome);
    return 'done';
  }

  async #change(body: (query: Query) => Promise<InvalidationEvent | undefined>): Promise<void> {
    const event = await this.#primary.transaction(body);
    if (event !== undefined) await this.#announce(event);
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
