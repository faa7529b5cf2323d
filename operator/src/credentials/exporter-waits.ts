import type { Pod } from '../kubernetes/objects.ts';
import type { RedisLogin } from '../redis/connection.ts';
import type { Password } from '../specs/inputs.ts';
import { isPoolerWatched } from '../specs/monitoring/exporters.ts';
import { EXPORTER_LOGIN_ANNOTATION, REDIS_USERS } from '../specs/names.ts';
import { consolesRefuse, consolesTake, redisUsers, roles, type WaitsSeen, waitingFor } from './common-waits.ts';

type Waiting = Promise<string | undefined>;

/** Exporters of an earlier release know the login of their start for good: nothing is begun that would lock them out. */
export async function exportersOutdated(seen: WaitsSeen): Waiting {
  const outdated = exportingPods(seen).filter(
    (pod) => !(EXPORTER_LOGIN_ANNOTATION in (pod.metadata.annotations ?? {})),
  );
  return waitingFor(outdated, 'pods of an earlier release, whose exporters read their login once, to be replaced');
}

/** At each kind of server that is ours. */
export async function loginOfExportersTaken(seen: WaitsSeen): Waiting {
  const { cluster, credentials } = seen;
  return (
    (await roles(seen)) ??
    (isPoolerWatched(cluster) ? await consolesTake(seen, credentials.postgres.monitoring?.next) : undefined) ??
    (await onRedis(seen, { taken: credentials.redis.monitoring?.next, refused: undefined }))
  );
}

/** Each container tells which login its program has read. */
export async function exportersMoved(seen: WaitsSeen): Waiting {
  const late = await seen.servers.exportersDiffer(exportingPods(seen), seen.credentials.exporterLogin ?? '');
  return late.length === 0 ? undefined : `exporters to use the new login: ${late.join(', ')}`;
}

export async function loginOfExportersGone(seen: WaitsSeen): Waiting {
  const { monitoring } = seen.credentials.redis;
  return (
    (await roles(seen)) ??
    (await consolesRefuse(seen, seen.credentials.postgres.monitoring?.expired)) ??
    (await onRedis(seen, { taken: monitoring, refused: monitoring?.expired }))
  );
}

function exportingPods({ cluster, around: { pods } }: WaitsSeen): Pod[] {
  return [...pods.postgres, ...(isPoolerWatched(cluster) ? pods.poolers : []), ...pods.redis];
}

async function onRedis(
  seen: WaitsSeen,
  { taken, refused }: Readonly<Record<'taken' | 'refused', Password | undefined>>,
): Waiting {
  if (seen.cluster.spec.redis.mode === 'External') return undefined;
  return redisUsers(seen, { taken: loginsOf(taken), refused: loginsOf(refused) });
}

function loginsOf(password: Password | undefined): RedisLogin[] {
  return password === undefined ? [] : [{ username: REDIS_USERS.monitoring, password: password.password }];
}
