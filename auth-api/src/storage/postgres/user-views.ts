import type { Lsn } from '../../cache/lsn.ts';
import type { UserViewReads } from '../../cache/user-views.ts';
import type { Grants, UserBasics } from '../../domain/ports/users.ts';
import { permissionsOf, rolesOf } from './grant-names.ts';
import { type BasicsRow, basicsOf, profileColumns } from './profile-row.ts';
import { type SplitReads, splitRead } from './split-reads.ts';

const selectBasics = splitRead(
  'select_user_basics',
  `SELECT ${profileColumns('u')} FROM auth.users u WHERE u.id = $1`,
  ['id', 'username', 'email', 'is_email_verified', 'display_name', 'locale', 'version', 'created_at', 'updated_at'],
  1,
);

const selectGrants = splitRead(
  'select_user_grants',
  `SELECT ${rolesOf('u.id')} AS roles, ${permissionsOf('u.id')} AS permissions FROM auth.users u WHERE u.id = $1`,
  ['roles', 'permissions'],
  1,
);

export class PostgresUserViewReads implements UserViewReads {
  readonly #reads: SplitReads;

  constructor(reads: SplitReads) {
    this.#reads = reads;
  }

  async basics(userId: string, minimumLsn: Lsn): Promise<UserBasics | undefined> {
    const row = await this.#reads.find<BasicsRow>(selectBasics, [userId], minimumLsn);
    return row === undefined ? undefined : basicsOf(row);
  }

  async grants(userId: string, minimumLsn: Lsn): Promise<Grants | undefined> {
    const row = await this.#reads.find<Grants & { roles: string[] }>(selectGrants, [userId], minimumLsn);
    return row === undefined ? undefined : { roles: row.roles, permissions: row.permissions };
  }
}
