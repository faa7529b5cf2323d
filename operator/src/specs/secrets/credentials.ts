import { createHmac } from 'node:crypto';
import type { AuthCluster } from '../../api/authcluster.ts';
import type { SecretValues } from '../../controller/generated-secrets.ts';
import { EXPIRED, NEXT, PREVIOUS, ROTATED_AT } from '../../credentials/rotation.ts';
import { scramVerifier } from '../../postgres/scram.ts';
import type { Credentials, Password, PostgresLogin, RedisPasswords, Rotating } from '../inputs.ts';
import type { Manifest } from '../manifest.ts';
import { dataMetadata } from '../metadata.ts';
import { isPoolerWatched } from '../monitoring/exporters.ts';
import { type Component, names, REDIS_USERS, ROLES } from '../names.ts';
import { oncePer } from '../once-per.ts';
import { type RandomBytes, signingKey } from './signing-keys.ts';

/** A Secret that is made once, when a live read finds none, and changed by its own rotation alone. */
export interface GeneratedSecret {
  name: string;
  /** Keys that must be there, whoever made the Secret. */
  keys: readonly string[];
  generate(random: RandomBytes, now: Date): Manifest;
}

export const LOGIN_KEYS = ['username', 'password', 'verifier'] as const;
export const REDIS_PASSWORD_KEYS = ['password', 'operator-password', 'replication-password'] as const;
const REDIS_KEYS = ['username', ...REDIS_PASSWORD_KEYS] as const;
export const MONITORING_KEYS = [...LOGIN_KEYS, 'redis-password'] as const;
const SIGNING_KEYS = ['keyset.json', 'derivation.key'] as const;

/** Every Secret that an AuthCluster generates: of servers that it does not run, none. */
export function generatedSecrets(cluster: AuthCluster): GeneratedSecret[] {
  const name = names(cluster);
  const { postgres, redis } = cluster.spec;
  return [
    ...(postgres.mode === 'Managed'
      ? [
          loginSecret(cluster, name.superuserSecret, ROLES.superuser),
          loginSecret(cluster, name.replicationSecret, ROLES.replication),
          loginSecret(cluster, name.migratorSecret, ROLES.migrator),
          loginSecret(cluster, name.patroniSecret, ROLES.patroni),
        ]
      : []),
    // At the poolers, whatever is behind them.
    loginSecret(cluster, name.appSecret, postgres.mode === 'Managed' ? ROLES.app : ROLES.pooledApp),
    loginSecret(cluster, name.poolerSecret, ROLES.pooler),
    ...(redis.mode === 'Managed' ? [redisSecret(cluster)] : []),
    ...(cluster.spec.monitoring.enabled ? [monitoringSecret(cluster)] : []),
    {
      name: name.keysSecret,
      keys: SIGNING_KEYS,
      generate: (random, now) =>
        secret(cluster, 'auth-api', name.keysSecret, {
          'keyset.json': JSON.stringify({ keys: [signingKey(random, now, 'active')] }),
          'derivation.key': random(32).toString('base64'),
        }),
    },
  ];
}

function redisSecret(cluster: AuthCluster): GeneratedSecret {
  const name = names(cluster).redisSecret;
  return {
    name,
    keys: REDIS_KEYS,
    generate: (random) =>
      secret(cluster, 'redis', name, {
        username: REDIS_USERS.api,
        ...Object.fromEntries(REDIS_PASSWORD_KEYS.map((key) => [key, password(random)])),
      }),
  };
}

export type CredentialsOutcome =
  | { kind: 'complete'; credentials: Credentials }
  /** Somebody else made the Secret, or changed it: it must be completed by hand. */
  | { kind: 'incomplete'; secret: string; key: string };

/** The credentials in what the generated Secrets hold (by Secret name, then key; decoded). */
export function readCredentials(
  cluster: AuthCluster,
  values: Readonly<Record<string, SecretValues | undefined>>,
): CredentialsOutcome {
  for (const { name, keys } of generatedSecrets(cluster)) {
    const missing = keys.find((key) => !values[name]?.[key]);
    if (missing !== undefined) return { kind: 'incomplete', secret: name, key: missing };
  }
  const name = names(cluster);
  const login = (secretName: string) => readRotating(values[secretName] ?? {}, readLogin);
  const monitored = cluster.spec.monitoring.enabled;
  return {
    kind: 'complete',
    credentials: {
      api: { operationsToken: operationsToken(values[name.keysSecret] ?? {}) },
      postgres: {
        superuser: login(name.superuserSecret),
        replication: login(name.replicationSecret),
        migrator: login(name.migratorSecret),
        app: login(name.appSecret),
        pooler: login(name.poolerSecret),
        monitoring: isPoolerWatched(cluster) ? login(name.monitoringSecret) : undefined,
        patroni: login(name.patroniSecret),
      },
      redis: {
        ...readRotating(values[name.redisSecret] ?? {}, readRedisPasswords),
        monitoring: monitored ? readRotating(values[name.monitoringSecret] ?? {}, readMonitoringPassword) : undefined,
      },
      exporterLogin: monitored ? values[name.monitoringSecret]?.username : undefined,
      derivationKey: values[name.keysSecret]?.['derivation.key'] ?? '',
      keySet: values[name.keysSecret]?.['keyset.json'] ?? '',
    },
  };
}

/** The credential that is used, with those beside it while it is rotated. */
function readRotating<T extends object>(
  values: SecretValues,
  read: (values: SecretValues, prefix: string) => T,
): T & Rotating<T> {
  const beside = (prefix: string) => (`${prefix}password` in values ? read(values, prefix) : undefined);
  const [next, previous, expired] = [NEXT, PREVIOUS, EXPIRED].map(beside);
  const rotatedAt = values[ROTATED_AT];
  return {
    ...read(values, ''),
    ...(next === undefined ? {} : { next }),
    ...(previous === undefined ? {} : { previous }),
    ...(expired === undefined ? {} : { expired }),
    ...(rotatedAt === undefined ? {} : { rotatedAt }),
  };
}

function readLogin(values: SecretValues, prefix: string): PostgresLogin {
  const value = (key: string) => values[`${prefix}${key}`] ?? '';
  return { username: value('username'), password: value('password'), verifier: value('verifier') };
}

function readMonitoringPassword(values: SecretValues, prefix: string): Password {
  return { password: values[`${prefix}redis-password`] ?? '' };
}

function readRedisPasswords(values: SecretValues, prefix: string): RedisPasswords {
  const value = (key: string) => values[`${prefix}${key}`] ?? '';
  return {
    password: value('password'),
    operatorPassword: value('operator-password'),
    replicationPassword: value('replication-password'),
  };
}

/** As the auth API derives it (auth-api/src/security/operations-token.ts). */
const operationsToken = oncePer((keys: SecretValues): string => {
  const derivationKey = Buffer.from(keys['derivation.key'] ?? '', 'base64');
  return createHmac('sha256', derivationKey).update('operations').digest('base64url');
});

function loginSecret(cluster: AuthCluster, name: string, username: string): GeneratedSecret {
  return {
    name,
    keys: LOGIN_KEYS,
    generate: (random) => {
      const login = loginData(username, random);
      const component = username === ROLES.pooler ? 'pooler-rw' : 'postgres';
      return secret(cluster, component, name, login);
    },
  };
}

/** One for all exporters: they see statistics and nothing else, wherever they log in. */
function monitoringSecret(cluster: AuthCluster): GeneratedSecret {
  const name = names(cluster).monitoringSecret;
  return {
    name,
    keys: MONITORING_KEYS,
    generate: (random) =>
      secret(cluster, 'postgres', name, {
        ...loginData(ROLES.monitoring, random),
        'redis-password': password(random),
      }),
  };
}

function loginData(username: string, random: RandomBytes): Record<(typeof LOGIN_KEYS)[number], string> {
  const secretPassword = password(random);
  return { username, password: secretPassword, verifier: scramVerifier(secretPassword, random(16)) };
}

/** 192 bits in characters that need no quoting anywhere. */
export function password(random: RandomBytes): string {
  return random(24).toString('base64url');
}

function secret(
  cluster: AuthCluster,
  component: Component,
  name: string,
  values: Readonly<Record<string, string>>,
): Manifest {
  const data = Object.entries(values).map(([key, value]) => [key, Buffer.from(value, 'utf8').toString('base64')]);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: dataMetadata(cluster, component, name),
    type: 'Opaque',
    data: Object.fromEntries(data),
  };
}
