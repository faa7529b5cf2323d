import type { UserBasics, UserProfile } from '../../domain/ports/users.ts';

/** SQL for the columns of a profile. An address counts as verified while it is still the one that was. */
export function profileColumns(users: string): string {
  return `${users}.id, ${users}.username, ${users}.email,
      coalesce(${users}.verified_email = ${users}.email, false) AS is_email_verified,
      ${users}.display_name, ${users}.locale, ${users}.version, ${users}.created_at, ${users}.updated_at`;
}

export interface BasicsRow {
  id: string;
  username: string;
  email: string | null;
  is_email_verified: boolean;
  display_name: string | null;
  locale: string | null;
  /** bigint: node-pg gives a string. */
  version: string;
  created_at: Date;
  updated_at: Date;
}

export interface ProfileRow extends BasicsRow {
  roles: string[];
}

export function basicsOf(row: BasicsRow): UserBasics {
  return {
    id: row.id,
    username: row.username,
    email: row.email,
    isEmailVerified: row.is_email_verified,
    displayName: row.display_name,
    locale: row.locale,
    version: Number(row.version),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function profileOf(row: ProfileRow): UserProfile {
  return { ...basicsOf(row), roles: row.roles };
}
