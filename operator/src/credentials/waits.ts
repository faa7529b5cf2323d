import { hasComponent } from '../controller/tiers.ts';
import { hasCondition } from '../kubernetes/objects.ts';
import { isPodReady, memberTags } from '../postgres/patroni.ts';
import type { RedisLogin } from '../redis/connection.ts';
import { loginOf, type PostgresLogin, type RedisPasswords, taken } from '../specs/inputs.ts';
import { REDIS_USERS } from '../specs/names.ts';
import { REPLICATION_LOGIN_TAG, replicationLoginTag } from '../specs/postgres/replication-login.ts';
import { redisConfigHash } from '../specs/redis/redis.ts';
import type { RotatedCredential } from '../specs/secrets/rotated.ts';
import {
  consolesRefuse,
  consolesTake,
  nothing,
  redisUsers,
  roles,
  type Wait,
  type WaitsSeen,
  waitingFor,
} from './common-waits.ts';
import { exportersMoved, exportersOutdated, loginOfExportersGone, loginOfExportersTaken } from './exporter-waits.ts';
import type { CredentialStage } from './rotation.ts';
import { loginFingerprint } from './servers.ts';

/** Settled: what a rotation that is due waits for, to begin. */
type Waits = Readonly<Record<Exclude<CredentialStage, 'Settled'>, Wait> & { Settled?: Wait }>;

/**
 * What each stage of each credential waits for, for a person; undefined once there is nothing left. Whatever holds a
 * stage up does so for as long as it lasts: going on would lock somebody out.
 */
const WAITS: Readonly<Record<RotatedCredential, Waits>> = {
  superuser: { Adding: roles, Moving: nothing, Removing: nothing },
  migrator: { Adding: noMigrations, Moving: nothing, Removing: nothing },
  replication: { Adding: roles, Moving: members, Removing: roles },
  patroni: { Adding: nothing, Moving: membersTake, Removing: nothing },
  app: { Adding: pathsForNext, Moving: apiOnPostgres, Removing: roles },
  pooler: { Adding: consolesTakeNext, Moving: nothing, Removing: consolesRefuseExpired },
  redis: { Adding: redisTakesNext, Moving: redisMoved, Removing: redisRefusesExpired },
  monitoring: {
    Settled: exportersOutdated,
    Adding: loginOfExportersTaken,
    Moving: exportersMoved,
    Removing: loginOfExportersGone,
  },
};

export async function whatIsWaitedFor(
  what: RotatedCredential,
  stage: CredentialStage,
  seen: WaitsSeen,
): Promise<string | undefined> {
  return WAITS[what][stage]?.(seen);
}

/** A Job that runs has read the password that it goes on with. */
async function noMigrations({ around }: WaitsSeen): Promise<string | undefined> {
  const jobs = [...around.objects.jobs.values()].filter((job) => hasComponent(job, 'migrations'));
  const running = jobs.find((job) => !hasCondition(job, 'Complete') && !hasCondition(job, 'Failed'));
  return running && `migrations to end (Job ${running.metadata.name})`;
}

/** Each member, the primary too: it may be the next standby. */
async function members({ around, credentials, servers }: WaitsSeen): Promise<string | undefined> {
  const wanted = replicationLoginTag(credentials);
  const late = around.pods.postgres.filter((pod) => memberTags(pod)[REPLICATION_LOGIN_TAG] !== wanted);
  if (late.length > 0)
    await servers.reloadMembers(late, taken<PostgresLogin>(credentials.postgres.patroni).map(loginOf));
  return waitingFor(late, 'database members to read the new login');
}

async function membersTake({ around, credentials, servers }: WaitsSeen): Promise<string | undefined> {
  if (around.pods.postgres.length === 0) return 'database members';
  const logins = taken<PostgresLogin>(credentials.postgres.patroni).map(loginOf);
  const late = await servers.reloadMembers(around.pods.postgres, logins);
  return late.length === 0 ? undefined : `Patroni to take the new login: ${late.join(', ')}`;
}

async function pathsForNext(seen: WaitsSeen): Promise<string | undefined> {
  const unready = await roles(seen);
  if (unready !== undefined) return unready;
  const { credentials, around, key, poolerPaths } = seen;
  const { next } = credentials.postgres.app;
  const { poolers } = around.pods;
  if (next === undefined || poolers.length === 0) return 'poolers';
  const findings = poolerPaths.look(key, poolers, { login: loginOf(next), under: 'rotation' });
  const refusing = poolers.filter((_, index) => findings[index]?.kind !== 'works');
  return waitingFor(refusing, 'poolers to take the new login');
}

async function apiOnPostgres(seen: WaitsSeen): Promise<string | undefined> {
  const { username, password, previous } = seen.credentials.postgres.app;
  const late = await apiOn(seen, 'postgres', username, password);
  if (late !== undefined || previous === undefined) return late;
  const console = loginOf(seen.credentials.postgres.pooler);
  const serving = await seen.servers.poolersServing(seen.around.pods.poolers, console, previous.username);
  return serving.length === 0 ? undefined : `connections of the former login to end, at ${serving.join(', ')}`;
}

function consolesTakeNext(seen: WaitsSeen): Promise<string | undefined> {
  return consolesTake(seen, seen.credentials.postgres.pooler.next);
}

function consolesRefuseExpired(seen: WaitsSeen): Promise<string | undefined> {
  return consolesRefuse(seen, seen.credentials.postgres.pooler.expired);
}

async function redisTakesNext(seen: WaitsSeen): Promise<string | undefined> {
  const { next } = seen.credentials.redis;
  return redisUsers(seen, { taken: next === undefined ? [] : redisLogins(next), refused: [] });
}

async function redisRefusesExpired(seen: WaitsSeen): Promise<string | undefined> {
  const { expired } = seen.credentials.redis;
  const taken = redisLogins(seen.credentials.redis);
  return redisUsers(seen, { taken, refused: expired === undefined ? [] : redisLogins(expired) });
}

/** Replicas know the password of their primary from their start. */
async function redisMoved(seen: WaitsSeen): Promise<string | undefined> {
  const { around, cluster, credentials } = seen;
  const wanted = redisConfigHash(cluster, credentials);
  const former = around.pods.redis.filter(
    (pod) => !isPodReady(pod) || pod.metadata.annotations?.['authcluster.dev/config-hash'] !== wanted,
  );
  const { password } = credentials.redis;
  return waitingFor(former, 'Redis pods to be replaced') ?? apiOn(seen, 'redis', REDIS_USERS.api, password);
}

/** One that does not serve yet reads the present login when it starts. */
async function apiOn(
  { around, credentials, servers }: WaitsSeen,
  dependency: 'postgres' | 'redis',
  user: string,
  password: string,
): Promise<string | undefined> {
  const serving = around.pods.api.filter(isPodReady);
  const logins = await servers.apiLogins(serving);
  if (serving.length === 0 || logins === undefined) return 'pods of the auth API to tell what they log in with';
  const wanted = loginFingerprint(credentials.derivationKey, user, password);
  const late = serving.filter((_, index) => logins[index]?.get(dependency) !== wanted);
  return waitingFor(late, 'pods of the auth API to read the new login');
}

function redisLogins({ password, operatorPassword, replicationPassword }: RedisPasswords): RedisLogin[] {
  return [
    { username: REDIS_USERS.api, password },
    { username: REDIS_USERS.operator, password: operatorPassword },
    { username: REDIS_USERS.replication, password: replicationPassword },
  ];
}
