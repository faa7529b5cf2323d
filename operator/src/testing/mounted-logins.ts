import { parse } from 'yaml';
import { loginFingerprint } from '../credentials/servers.ts';
import { REPLICATION_LOGIN_FILE } from '../specs/postgres/replication-login.ts';

/** The values of a Secret as it is. */
type SecretReader = (name: string) => Record<string, string>;

/** Members of the database read what is mounted at once. */
export function memberState(secretValues: SecretReader): string {
  const text = secretValues('acme-postgres-replication-login')[REPLICATION_LOGIN_FILE] ?? '';
  return JSON.stringify({ tags: (parse(text) as { tags: object }).tags });
}

/** Pods of the auth API read what is mounted at once. */
export function apiLogins(secretValues: SecretReader): Map<string, string> {
  const { 'derivation.key': key = '' } = secretValues('acme-signing-keys');
  const logins = [
    ['postgres', secretValues('acme-postgres-app')],
    ['redis', secretValues('acme-redis-auth')],
  ] as const;
  return new Map(
    logins.map(([dependency, { username = '', password = '' }]) => [
      dependency,
      loginFingerprint(key, username, password),
    ]),
  );
}
