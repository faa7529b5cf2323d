import type { Logger } from 'pino';
import type { AuthCluster } from '../api/authcluster.ts';
import type { WaitsSeen } from '../credentials/common-waits.ts';
import { rotateCredentials } from '../credentials/rotate.ts';
import { CREDENTIAL_STAGES } from '../credentials/rotation.ts';
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
import { names, REDIS_USERS, ROLE_LABEL } from '../specs/names.ts';
import { wantedAccounts } from '../specs/postgres/accounts.ts';
import { beyondMemory, withinMemory } from '../specs/postgres/memory-parameters.ts';
import { existingShards } from '../specs/redis/shards.ts';
import type { RandomBytes } from '../specs/secrets/signing-keys.ts';
import { ROTATING } from '../status/conditions.ts';
import { PARAMETERS_REFUSED } from '../status/database-tier.ts';
import type { CredentialsView, Observed, RedisSummary, SigningKeysView } from '../status/observed.ts';
import type { Clock } from './clock.ts';
import { bringPatroniSettings, moveDatabase, tendVolumes } from './database-conversation.ts';
import type { SecretValues } from './generated-secrets.ts';
import type { Surroundings } from './observe.ts';
import { lastFindings } from './outside.ts';
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
  const { client, postgres, redis } = options;
  const { patroni } = around.objects;
  const leader = around.pods.postgres.find(({ metadata }) => metadata.name === patroni.leader);
  const [accountsReady, redisState, moved, signingKeys] = await Promise.all([
    pass.attempt('database accounts', 'database', () =>
      postgres.ensureAccounts(
        key,
        leader,
        taken(credentials.postgres.superuser).map(loginOf),
        wantedAccounts(credentials),
        withinMemory(cluster),
        log,
      ),
    ),
    pass.attempt('Redis topology', 'cache', () => {
      const { shards, replicasPerShard, persistence } = cluster.spec.redis;
      const wanted = {
        shards,
        existingShards: existingShards(cluster, around.objects.statefulSets),
        membersPerShard: replicasPerShard + 1,
        persistent: persistence.enabled,
      };
      const login = { username: REDIS_USERS.operator, password: credentials.redis.operatorPassword };
      return redis.converge(key, wanted, around.pods.redis, login, log);
    }),
    pass.attempt('database pods', 'database', () => moveDatabase(options, key, cluster, around, credentials, log)),
    pass.attempt('signing keys', 'api', () => {
      const seen = { text: credentials.keySet, pods: around.pods.api, nowMs: around.objects.atMs };
      return rotateSigningKeys(options, cluster, seen);
    }),
    pass.attempt('database volumes', 'database', () => tendVolumes(options, cluster, around, log)),
    pass.attempt('primary label', 'database', async () => {
      const stale = await postgres.unlabelStalePrimaries(patroni, around.pods.postgres, ROLE_LABEL);
      if (stale.length > 0) log.info({ stale, leader: patroni.leader }, 'took the primary label from ex-primaries');
    }),
    pass.attempt('Patroni settings', 'database', async () => {
      if (await bringPatroniSettings(client, cluster, around)) log.info('changed the settings of the database');
    }),
    pass.attempt('pooler reconnect', 'pooler', () =>
      postgres.reconnectPoolers(
        key,
        cluster.spec.postgres.mode === 'External' ? undefined : patroni,
        appliedSchema(around.objects.jobs),
        around.pods.poolers,
        loginOf(credentials.postgres.pooler),
        log,
      ),
    ),
  ]);
  const under = `${patroni.leader}/${patroni.transitions}`;
  const asked = { login: loginOf(credentials.postgres.app), under };
  const poolerPaths = options.poolerPaths.through(key, around.pods.poolers, asked);
  const moveProblem = options.mover.problem(key);
  const refusedParameters = [...beyondMemory(cluster).values(), ...postgres.refusedParameters(key)];
  const ready = accountsReady ?? false;
  // After the accounts, whose state it goes by.
  const rotation = await pass.attempt('rotation of credentials', undefined, () => {
    const { credentialServers: servers, poolerPaths: paths } = options;
    const seen = { key, cluster, around, credentials, accountsReady: ready, servers, poolerPaths: paths };
    return rotateCredentials(options, seen, values);
  });
  return {
    ...{ accountsReady: ready, refusedParameters, poolerPaths, redis: redisState, moved, moveProblem },
    ...{ signingKeys, credentials: rotation },
  };
}

/** The migrations that are done, by their Job's name; undefined before any are, and while newer ones run. */
function appliedSchema(jobs: ReadonlyMap<string, Job>): string | undefined {
  const migrations = [...jobs.values()].filter((job) => hasComponent(job, 'migrations'));
  return migrations.find((job) => hasCondition(job, 'Complete'))?.metadata.name;
}

/** Everything seen and heard, as the builders and the status take it. */
export function asObserved(
  around: Surroundings,
  cluster: AuthCluster,
  talked: Talked | undefined,
  pass: Pass,
): Observed {
  const redis = talked?.redis;
  const signingKeys = talked?.signingKeys ?? lastKeys(cluster);
  const credentials = talked?.credentials ?? lastRotation(cluster);
  return {
    ...around.objects,
    accountsReady: talked?.accountsReady ?? false,
    refusedParameters: talked?.refusedParameters ?? [],
    ...(talked === undefined ? {} : { poolerPaths: talked.poolerPaths }),
    ...(redis === undefined ? {} : { redis: summarise(redis) }),
    ...(signingKeys === undefined ? {} : { signingKeys }),
    ...(talked?.moved === undefined ? {} : { moved: talked.moved }),
    ...(talked?.moveProblem === undefined ? {} : { moveProblem: talked.moveProblem }),
    ...(credentials === undefined ? {} : { credentials }),
    refusals: {},
    failures: pass.failures,
  };
}

/**
 * The same while nobody may be spoken to: of servers, what the status last told. That the poolers are there shows
 * that accounts were ready once.
 */
export function asLastHeard(around: Surroundings, cluster: AuthCluster, pass: Pass): Observed {
  const { readyNodes, shards, slotsCovered } = cluster.status?.redis ?? {};
  const shardsInUse = existingShards(cluster, around.objects.statefulSets);
  const signingKeys = lastKeys(cluster);
  const credentials = lastRotation(cluster);
  const known = readyNodes !== undefined && shards !== undefined && slotsCovered !== undefined;
  return {
    ...around.objects,
    accountsReady: around.objects.deployments.has(names(cluster).poolerReadWrite),
    refusedParameters: lastRefusedParameters(cluster),
    ...lastFindings(cluster),
    ...(known ? { redis: { readyNodes, shards, slotsCovered, shardsInUse } } : {}),
    ...(signingKeys === undefined ? {} : { signingKeys }),
    ...(credentials === undefined ? {} : { credentials }),
    refusals: {},
    failures: pass.failures,
  };
}

function lastRefusedParameters({ status }: AuthCluster): string[] {
  const refused = status?.conditions?.find(({ type, reason }) => type === 'Degraded' && reason === PARAMETERS_REFUSED);
  return refused === undefined ? [] : [refused.message ?? ''];
}

/** It rests while nobody works on it. */
function lastRotation({ status }: AuthCluster): CredentialsView | undefined {
  const { reason, message = '' } = status?.conditions?.find(({ type }) => type === ROTATING) ?? {};
  const stage = CREDENTIAL_STAGES.find((each) => each === reason);
  return stage && { stage, message };
}

/** They do not change while nobody works on them. */
function lastKeys({ status }: AuthCluster): SigningKeysView | undefined {
  const { active, activeSince, stage, message = '' } = status?.signingKeys ?? {};
  const known = active !== undefined && activeSince !== undefined && stage !== undefined;
  return known ? { active, activeSince, stage, message } : undefined;
}

function summarise({ readyNodes, primaries, slotsCovered, shardsInUse, activity }: RedisState): RedisSummary {
  return { readyNodes, shards: primaries, slotsCovered, shardsInUse, ...(activity === undefined ? {} : { activity }) };
}
