import type { AuthCluster } from '../../api/authcluster.ts';
import { scramVerifier } from '../../postgres/scram.ts';
import { names } from '../names.ts';
import { LOGIN_KEYS, MONITORING_KEYS, password, REDIS_PASSWORD_KEYS } from './credentials.ts';
import type { RandomBytes } from './signing-keys.ts';

export type RotatedCredential =
  | 'superuser'
  | 'replication'
  | 'patroni'
  | 'migrator'
  | 'app'
  | 'pooler'
  | 'redis'
  | 'monitoring';

/** A generated Secret whose credentials are rotated. */
export interface RotatedSecret {
  what: RotatedCredential;
  name: string;
  /** Replaced together. */
  keys: readonly string[];
  /** Whether both the former and the new one are taken while users move. */
  overlaps: boolean;
  /** Values for `keys`; `username` is the present one. */
  fresh(random: RandomBytes, username: string): Record<string, string>;
}

/**
 * All but the signing keys, which have a rotation of their own. PostgreSQL knows one password for a role: where several
 * use it, two roles take turns. Patroni knows one login, and the operator, who alone uses it, tries both. The superuser is used by the operator alone, and the migrator by Jobs, which are not
 * begun meanwhile: theirs are changed at one go.
 */
export function rotatedSecrets(cluster: AuthCluster): RotatedSecret[] {
  const name = names(cluster);
  const { postgres, redis } = cluster.spec;
  return [
    ...(postgres.mode === 'Managed'
      ? [
          sameRole('superuser', name.superuserSecret),
          twinRole('replication', name.replicationSecret),
          { ...sameRole('patroni', name.patroniSecret), overlaps: true },
          sameRole('migrator', name.migratorSecret),
        ]
      : []),
    twinRole('app', name.appSecret),
    twinRole('pooler', name.poolerSecret),
    ...(redis.mode === 'Managed' ? [redisPasswords(name.redisSecret)] : []),
    ...(cluster.spec.monitoring.enabled ? [exporters(name.monitoringSecret)] : []),
  ];
}

const TWIN_SUFFIX = '_b';

/** The role that takes turns with this one. */
export function twinOf(role: string): string {
  return role.endsWith(TWIN_SUFFIX) ? role.slice(0, -TWIN_SUFFIX.length) : `${role}${TWIN_SUFFIX}`;
}

function sameRole(what: RotatedCredential, name: string): RotatedSecret {
  return { what, name, keys: LOGIN_KEYS, overlaps: false, fresh: (random, username) => login(random, username) };
}

function twinRole(what: RotatedCredential, name: string): RotatedSecret {
  return { what, name, keys: LOGIN_KEYS, overlaps: true, fresh: (random, username) => login(random, twinOf(username)) };
}

function login(random: RandomBytes, username: string) {
  const secret = password(random);
  return { username, password: secret, verifier: scramVerifier(secret, random(16)) };
}

/** Redis knows several passwords for a user. */
function redisPasswords(name: string): RotatedSecret {
  return {
    ...{ what: 'redis', name, keys: REDIS_PASSWORD_KEYS, overlaps: true },
    fresh: (random) => Object.fromEntries(REDIS_PASSWORD_KEYS.map((key) => [key, password(random)])),
  };
}

/** A role that takes turns with its twin, and a second password of a user of Redis. */
function exporters(name: string): RotatedSecret {
  return {
    ...{ what: 'monitoring', name, keys: MONITORING_KEYS, overlaps: true },
    fresh: (random, username) => ({ ...login(random, twinOf(username)), 'redis-password': password(random) }),
  };
}
