import type { AccountExporter, ExportedAccount } from '../../domain/ports/account-transfer.ts';
import type { Database, Statement } from './database.ts';
import { rolesOf } from './grant-names.ts';
import { type ProfileRow, profileColumns } from './profile-row.ts';

/** What stands in place of a hash where there is none: nothing matches it. */
export const noPassword = '!';

/** Along the primary key, from where the page before ended. */
const selectPage: Statement = {
  name: 'export_accounts',
  text: `SELECT ${profileColumns('u')}, ${rolesOf('u.id')} AS roles, u.status, u.external_id, c.password_hash
    FROM auth.users u JOIN auth.credentials c ON c.user_id = u.id
    WHERE u.id > $1 ORDER BY u.id LIMIT $2`,
};

interface ExportRow extends ProfileRow {
  status: 'active' | 'disabled';
  external_id: string | null;
  password_hash: string;
}

const beforeAll = '00000000-0000-0000-0000-000000000000';

export class PostgresAccountExporter implements AccountExporter {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async page({ after = beforeAll, limit }: Parameters<AccountExporter['page']>[0]): Promise<ExportedAccount[]> {
    const rows = await this.#database.read<ExportRow>(selectPage, [after, limit]);
    return rows.map((row) => ({
      id: row.id,
      username: row.username,
      email: row.email,
      isEmailVerified: row.is_email_verified,
      displayName: row.display_name,
      locale: row.locale,
      passwordHash: row.password_hash === noPassword ? null : row.password_hash,
      roles: row.roles,
      status: row.status,
      externalId: row.external_id,
      createdAt: row.created_at,
    }));
  }
}
