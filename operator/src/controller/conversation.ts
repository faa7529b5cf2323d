import type { Logger } from 'pino';
import type { AuthCluster } from '../api/authcluster.ts';
import type { WaitsSeen } from '../credentials/common-waits.ts';
import { rotateCredentials } from '../credentials/rotate.ts';
import type { ObjectCache } from '../kubernetes/cache.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { hasCondition, type Job } from '../kubernetes/objects.ts';
import type { MoveReport, PostgresMover } from '../postgres/mover.ts';
import type { PathsSeen, PoolerPaths } from '../postgres/pooler-paths.ts';
import type { PostgresTier } from '../postgres/tier.ts';
import type { RedisState, RedisTier } from '../redis/tier.ts';
import type { ApiTier } from '../rollout/tier.ts';
import { rotateSigningKeys } from '../signing-keys/rotate.ts';
import { type Credentials, loginOf, taken } from '../specs/inputs.ts';
import { REDIS_USERS, ROLE_LABEL } from '../specs/names.ts';
import { wantedAccounts } from '../specs/postgres/accounts.ts';
import { unusableParameters, usableParameters } from '../specs/postgres/usable-parameters.ts';
import { existingShards } from '../specs/redis/shards.ts';
import type { RandomBytes } from '../specs/secrets/signing-keys.ts';
import type { CredentialsView, SigningKeysView } from '../status/observed.ts';
import type { Clock } from './clock.ts';
import { bringPatroniSettings, moveDatabase, tendVolumes, withinMeans } from './database-conversation.ts';
import type { SecretValues } from './generated-secrets.ts';
import type { Surroundings } from './observe.ts';
import type { Pass } from './pass.ts';
import { hasComponent } from './tiers.ts';

export interface Talked {
  moved: MoveReport | undefined;
  /** Why the last attempt to move the primary came to nothing. */
  moveProblem: string | undefined;
  accountsReady: boolean;
  refusedParameters: readonly string[];
  poolerPaths: PathsSeen;
  redis: RedisState | undefined;
  signingKeys: SigningKeysView | undefined;
  credentials: CredentialsView | undefined;
}

/** The generated credentials, and what the Secrets hold that they were read from, by name. */
export interface ReadCredentials {
  credentials: Credentials;
  values: ReadonlyMap<string, SecretValues>;
}

export interface ConversationOptions {
  client: KubernetesClient;
  cache: ObjectCache;
  randomBytes: RandomBytes;
  /** The classes' public faces, so that tests may put others in their place. */
  postgres: Pick<PostgresTier, keyof PostgresTier>;
  poolerPaths: Pick<PoolerPaths, keyof PoolerPaths>;
  mover: Pick<PostgresMover, keyof PostgresMover>;
  clock: Clock;
  redis: Pick<RedisTier, keyof RedisTier>;
  api: Pick<ApiTier, keyof ApiTier>;
  credentialServers: WaitsSeen['servers'];
}

/**
 * Says to the running servers what only a conversation can: privileges to PostgreSQL, RECONNECT to PgBouncer,
 * topology to Redis; and hears from the auth API which signing keys it has read. Each is a step of its own, at the same
 * time as the others.
 */
export async function converse(
  options: ConversationOptions,
  key: string,
  cluster: AuthCluster,
  around: Surroundings,
  { credentials, values }: ReadCredentials,
  pass: Pass,
  log: Logger,
): Promise<Talked> {
  const { patroni, moves } = around.objects;
  const settings = pass.attempt('Patroni settings', 'database', () =>
    bringPatroniSettings(options, cluster, around, log),
  );
  // A pod that is made anew with less memory must not start with settings that need more.
  const mayMove = async () => moves.next.kind !== 'replace' || (await settings) === true;
  const [accountsReady, redis, moved, signingKeys] = await Promise.all([
    pass.attempt('database accounts', 'database', () =>
      ensureAccounts(options, key, cluster, around, credentials, log),
    ),
    pass.attempt('Redis topology', 'cache', () => convergeRedis(options, key, cluster, around, credentials, log)),
    pass.attempt('database pods', 'database', async () =>
      (await mayMove()) ? moveDatabase(options, key, cluster, around, credentials, log) : undefined,
    ),
    pass.attempt('signing keys', 'api', () => {
      const seen = { text: credentials.keySet, pods: around.pods.api, nowMs: around.objects.atMs };
      return rotateSigningKeys(options, cluster, seen);
    }),
    pass.attempt('database volumes', 'database', () => tendVolumes(options, cluster, around, log)),
    pass.attempt('primary label', 'database', () => unlabelStalePrimaries(options, around, log)),
    pass.attempt('pooler reconnect', 'pooler', () => reconnectPoolers(options, key, cluster, around, credentials, log)),
    settings,
  ]);
  const under = `${patroni.leader}/${patroni.transitions}`;
  const asked = { login: loginOf(credentials.postgres.app), under };
  const poolerPaths = options.poolerPaths.through(key, around.pods.poolers, asked);
  const moveProblem = options.mover.problem(key);
  const refusedParameters = [...unusableParameters(cluster), ...options.postgres.refusedParameters(key)];
  const ready = accountsReady ?? false;
  // After the accounts, whose state it goes by.
  const rotation = await pass.attempt('rotation of credentials', undefined, () => {
    const { credentialServers: servers, poolerPaths: paths } = options;
    const seen = { key, cluster, around, credentials, accountsReady: ready, servers, poolerPaths: paths };
    return rotateCredentials(options, seen, values);
  });
  return {
    ...{ accountsReady: ready, refusedParameters, poolerPaths, redis, moved, moveProblem },
    ...{ signingKeys, credentials: rotation },
  };
}

function ensureAccounts(
  { postgres }: ConversationOptions,
  key: string,
  cluster: AuthCluster,
  around: Surroundings,
  credentials: Credentials,
  log: Logger,
): Promise<boolean> {
  const { objects, pods } = around;
  const leader = pods.postgres.find(({ metadata }) => metadata.name === objects.patroni.leader);
  const superusers = taken(credentials.postgres.superuser).map(loginOf);
  const parameters = usableParameters(withinMeans(cluster, around));
  return postgres.ensureAccounts(key, leader, superusers, wantedAccounts(credentials), parameters, log);
}

function convergeRedis(
  { redis }: ConversationOptions,
  key: string,
  cluster: AuthCluster,
  { objects, pods }: Surroundings,
  credentials: Credentials,
  log: Logger,
): Promise<RedisState | undefined> {
  const { shards, replicasPerShard, persistence } = cluster.spec.redis;
  const wanted = {
    shards,
    existingShards: existingShards(cluster, objects.statefulSets),
    membersPerShard: replicasPerShard + 1,
    persistent: persistence.enabled,
  };
  const login = { username: REDIS_USERS.operator, password: credentials.redis.operatorPassword };
  return redis.converge(key, wanted, pods.redis, login, log);
}

async function unlabelStalePrimaries(
  { postgres }: ConversationOptions,
  { objects: { patroni }, pods }: Surroundings,
  log: Logger,
): Promise<void> {
  const stale = await postgres.unlabelStalePrimaries(patroni, pods.postgres, ROLE_LABEL);
  if (stale.length > 0) log.info({ stale, leader: patroni.leader }, 'took the primary label from ex-primaries');
}

function reconnectPoolers(
  { postgres }: ConversationOptions,
  key: string,
  cluster: AuthCluster,
  { objects, pods }: Surroundings,
  credentials: Credentials,
  log: Logger,
): Promise<void> {
  const view = cluster.spec.postgres.mode === 'External' ? undefined : objects.patroni;
  const login = loginOf(credentials.postgres.pooler);
  return postgres.reconnectPoolers(key, view, appliedSchema(objects.jobs), pods.poolers, login, log);
}

/** The migrations that are done, by their Job's name; undefined before any are, and while newer ones run. */
function appliedSchema(jobs: ReadonlyMap<string, Job>): string | undefined {
  const migrations = [...jobs.values()].filter((job) => hasComponent(job, 'migrations'));
  return migrations.find((job) => hasCondition(job, 'Complete'))?.metadata.name;
}
