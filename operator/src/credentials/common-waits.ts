import type { AuthCluster } from '../api/authcluster.ts';
import type { Surroundings } from '../controller/observe.ts';
import type { Pod } from '../kubernetes/objects.ts';
import type { PoolerPaths } from '../postgres/pooler-paths.ts';
import { type Credentials, loginOf, type PostgresLogin } from '../specs/inputs.ts';
import { REDIS_USERS } from '../specs/names.ts';
import type { CredentialServers, RedisUsers } from './servers.ts';

export interface WaitsSeen {
  key: string;
  cluster: AuthCluster;
  around: Surroundings;
  credentials: Credentials;
  /** Whether roles in PostgreSQL are as these credentials have them. */
  accountsReady: boolean;
  servers: Pick<CredentialServers, keyof CredentialServers>;
  poolerPaths: Pick<PoolerPaths, keyof PoolerPaths>;
}

/** What is waited for, for a person; undefined: nothing. */
export type Wait = (seen: WaitsSeen) => Promise<string | undefined>;

export async function nothing(): Promise<undefined> {
  return undefined;
}

/** Of an external database the roles are somebody else's. */
export async function roles({ cluster, accountsReady }: WaitsSeen): Promise<string | undefined> {
  return accountsReady || cluster.spec.postgres.mode === 'External' ? undefined : 'roles in the database';
}

export async function consolesTake(
  { around, servers }: WaitsSeen,
  login: PostgresLogin | undefined,
): Promise<string | undefined> {
  if (login === undefined || around.pods.poolers.length === 0) return 'poolers';
  const refusing = await servers.consoleRefuses(around.pods.poolers, loginOf(login));
  return refusing.length === 0 ? undefined : `poolers to take the new login: ${refusing.join(', ')}`;
}

export async function consolesRefuse(
  { around, servers }: WaitsSeen,
  login: PostgresLogin | undefined,
): Promise<string | undefined> {
  const taking = login === undefined ? [] : await servers.consoleTakes(around.pods.poolers, loginOf(login));
  return taking.length === 0 ? undefined : `poolers to refuse the former login: ${taking.join(', ')}`;
}

export async function redisUsers(
  { around, credentials, servers }: WaitsSeen,
  users: RedisUsers,
): Promise<string | undefined> {
  const { redis } = around.pods;
  if (redis.length === 0) return 'Redis pods';
  const operator = { username: REDIS_USERS.operator, password: credentials.redis.operatorPassword };
  const different = await servers.redisUsersDiffer(redis, operator, users);
  return different.length === 0 ? undefined : `Redis pods to read their users: ${different.join(', ')}`;
}

export function waitingFor(pods: readonly Pod[], what: string): string | undefined {
  return pods.length === 0 ? undefined : `${what}: ${pods.map(({ metadata }) => metadata.name).join(', ')}`;
}
