import type { Grant, HeldSession, PersonalData, PersonalDataStore } from '../../domain/personal-data.ts';
import type { Database, Statement } from './database.ts';
import { type BasicsRow, basicsOf, profileColumns } from './profile-row.ts';

const selectAccount: Statement = {
  name: 'select_personal_account',
  text: `SELECT ${profileColumns('u')}, u.status, u.external_id, u.password_change_required, u.last_login_at,
      c.changed_at AS password_changed_at, f.is_confirmed AS is_factor_confirmed, f.created_at AS factor_created_at,
      (SELECT count(*)::int FROM auth.recovery_codes r WHERE r.user_id = u.id) AS recovery_codes_left
    FROM auth.users u JOIN auth.credentials c ON c.user_id = u.id
    LEFT JOIN auth.second_factors f ON f.user_id = u.id WHERE u.id = $1`,
};

const selectGrants = (thing: 'role' | 'permission'): Statement => ({
  name: `select_personal_${thing}s`,
  text: `SELECT t.name, g.granted_at AS "grantedAt", g.granted_by AS "grantedBy"
    FROM auth.user_${thing}s g JOIN auth.${thing}s t ON t.id = g.${thing}_id WHERE g.user_id = $1 ORDER BY t.name`,
});
const [selectRoles, selectPermissions] = [selectGrants('role'), selectGrants('permission')];

const selectSessions: Statement = {
  name: 'select_personal_sessions',
  text: `SELECT id, created_at AS "createdAt", last_used_at AS "lastUsedAt", expires_at AS "expiresAt",
      ended_at AS "endedAt", end_reason AS "endReason", host(client_address) AS "clientAddress",
      user_agent AS "userAgent", has_second_factor AS "hasSecondFactor"
    FROM auth.sessions WHERE user_id = $1 ORDER BY created_at DESC`,
};

const selectMails: Statement = {
  name: 'select_personal_mails',
  text: `SELECT template, recipient AS "to", created_at AS since FROM auth.mail_outbox WHERE user_id = $1
    ORDER BY created_at`,
};

const selectLinks: Statement = {
  name: 'select_personal_links',
  text: `SELECT purpose, email AS "to", expires_at AS "expiresAt" FROM auth.account_tokens WHERE user_id = $1
    ORDER BY expires_at`,
};

interface AccountRow extends BasicsRow {
  status: 'active' | 'disabled';
  external_id: string | null;
  password_change_required: boolean;
  last_login_at: Date | null;
  password_changed_at: Date;
  is_factor_confirmed: boolean | null;
  factor_created_at: Date | null;
  recovery_codes_left: number;
}

export class PostgresPersonalData implements PersonalDataStore {
  readonly #primary: Database;

  constructor(primary: Database) {
    this.#primary = primary;
  }

  async find(userId: string): Promise<PersonalData | undefined> {
    const list = <Row extends object>(statement: Statement) => this.#primary.read<Row>(statement, [userId]);
    const [[account], roles, permissions, sessions, waitingMails, mailedLinks] = await Promise.all([
      list<AccountRow>(selectAccount),
      list<Grant>(selectRoles),
      list<Grant>(selectPermissions),
      list<HeldSession>(selectSessions),
      list<PersonalData['waitingMails'][number]>(selectMails),
      list<PersonalData['mailedLinks'][number]>(selectLinks),
    ]);
    if (account === undefined) return undefined;
    const secondFactor = secondFactorOf(account);
    return { account: accountOf(account), roles, permissions, sessions, secondFactor, waitingMails, mailedLinks };
  }
}

function accountOf(row: AccountRow): PersonalData['account'] {
  return {
    ...basicsOf(row),
    status: row.status,
    externalId: row.external_id,
    isPasswordChangeRequired: row.password_change_required,
    lastLoginAt: row.last_login_at,
    passwordChangedAt: row.password_changed_at,
  };
}

function secondFactorOf(row: AccountRow): PersonalData['secondFactor'] {
  const { is_factor_confirmed: isEnabled, factor_created_at: since, recovery_codes_left: recoveryCodesLeft } = row;
  return isEnabled === null || since === null ? undefined : { isEnabled, since, recoveryCodesLeft };
}
