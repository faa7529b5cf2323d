import type { Logger } from 'pino';
import type { AuthCluster } from '../api/authcluster.ts';
import { isStatus } from '../kubernetes/errors.ts';
import type { Pod } from '../kubernetes/objects.ts';
import type { MoveReport } from '../postgres/mover.ts';
import type { Move } from '../postgres/moves.ts';
import { isLed } from '../postgres/patroni.ts';
import { ungrownSizes } from '../postgres/volumes.ts';
import { type Credentials, loginOf, type PostgresLogin, taken } from '../specs/inputs.ts';
import { names, ROLE_LABEL, SWITCHOVER_ANNOTATION } from '../specs/names.ts';
import { changedDynamicConfiguration } from '../specs/postgres/patroni.ts';
import { withPresentSizes } from '../specs/postgres/present-sizes.ts';
import type { ConversationOptions } from './conversation.ts';
import { mayHaveClients } from './database-views.ts';
import { StorageNotExpandable } from './errors.ts';
import { stableHash } from './hash.ts';
import { observeObjects, type Surroundings, servesAlone } from './observe.ts';
import { hasComponent } from './tiers.ts';

/** The next step with database pods: a restart, a replacement, or another primary behind paused poolers. */
export async function moveDatabase(
  { client, postgres, mover, cache, clock }: ConversationOptions,
  key: string,
  cluster: AuthCluster,
  { objects, pods }: Surroundings,
  { postgres: logins }: Credentials,
  log: Logger,
): Promise<MoveReport | undefined> {
  const { next } = objects.moves;
  if (next.kind === 'acknowledge') {
    const { resourceVersion } = cluster.metadata;
    const annotations = { [SWITCHOVER_ANNOTATION]: null };
    const changed = await client.mergePatch(cluster, { metadata: { resourceVersion, annotations } });
    if (typeof changed === 'object') cache.note(changed);
  }
  let poolers: readonly Pod[] = [];
  const report = await mover.carryOut(key, next, {
    pods: pods.postgres,
    poolers: () => {
      const now = observeObjects(cache, cluster, clock.now());
      const why = notAnyMore(next, now.objects.moves.next);
      if (why !== undefined) throw new Error(why);
      poolers = now.pods.poolers.filter((pod) => hasComponent(pod, 'pooler-rw') && mayHaveClients(pod));
      return poolers;
    },
    logins: {
      superuser: loginOf(logins.superuser),
      pooler: loginOf(logins.pooler),
      patroni: taken<PostgresLogin>(logins.patroni).map(loginOf),
    },
    isPrimaryServed: async (target) => {
      const now = observeObjects(cache, cluster, clock.now());
      if (now.objects.patroni.leader !== target) return false;
      await postgres.unlabelStalePrimaries(now.objects.patroni, now.pods.postgres, ROLE_LABEL);
      return servesAlone(cache, cluster, names(cluster).postgresPrimary, target);
    },
    log,
  });
  // Told once more, they would break off the logins to the new primary that are under way.
  if (report?.outcome.kind === 'moved') {
    postgres.noteReconnected(key, observeObjects(cache, cluster, clock.now()).objects.patroni, poolers);
  }
  return report;
}

/** Why what was decided is not to be begun, since something else would be decided now. */
function notAnyMore(decided: Move, now: Move): string | undefined {
  const step = (move: Move) => stableHash({ ...move, message: undefined, reason: undefined });
  if (step(now) === step(decided)) return undefined;
  return now.kind === 'wait' ? now.message : 'what is to be done has changed while data were flushed';
}

/**
 * Removes the volumes of members that are gone, and has those of the others grow. In this order: what a quota refuses may fit
 * without them. One that is refused keeps no other from growing.
 */
export async function tendVolumes(
  { client, cache }: ConversationOptions,
  cluster: AuthCluster,
  around: Surroundings,
  log: Logger,
): Promise<void> {
  const { size: storage } = cluster.spec.postgres.storage;
  const { grow, remove } = around.objects.volumes;
  for (const claim of remove) {
    const outcome = await client.delete(claim);
    log.info({ claim: claim.metadata.name, outcome }, 'deleted the volume of a database pod that is gone');
  }
  const refusals: unknown[] = [];
  for (const claim of grow) {
    try {
      const grown = await client.mergePatch(claim, { spec: { resources: { requests: { storage } } } });
      if (typeof grown === 'object') cache.note(grown);
      log.info({ claim: claim.metadata.name, storage }, 'asked for a larger volume');
    } catch (error) {
      refusals.push(isStatus(error, 403, 422) ? new StorageNotExpandable(claim.metadata.name, storage, error) : error);
    }
  }
  if (refusals.length > 0) throw refusals[0];
}

/** As settings of the database may count on it. */
export function withinMeans(cluster: AuthCluster, { objects, pods }: Surroundings): AuthCluster {
  return withPresentSizes(cluster, { pods: pods.postgres, volumeSizes: ungrownSizes(objects.volumes) });
}

/**
 * Settings that the spec has changed since the bootstrap. Patroni watches its ConfigMap and brings them to all members.
 * Resolves with whether they are there, or will be from the beginning; false where somebody else wrote at the same time.
 */
export async function bringPatroniSettings(
  { client }: Pick<ConversationOptions, 'client'>,
  cluster: AuthCluster,
  around: Surroundings,
  log: Logger,
): Promise<boolean> {
  const { objects, patroniObjects } = around;
  const configMap = patroniObjects.find(({ metadata }) => metadata.name === `${names(cluster).patroniScope}-config`);
  const current = configMap?.metadata.annotations?.config;
  if (configMap === undefined || current === undefined) return true;
  const { patroni } = objects;
  const leader = isLed(patroni) ? patroni.leader : undefined;
  const config = changedDynamicConfiguration(withinMeans(cluster, around), current, leader);
  if (config === undefined) return true;
  const { resourceVersion } = configMap.metadata;
  const changed = await client.mergePatch(configMap, { metadata: { resourceVersion, annotations: { config } } });
  if (typeof changed !== 'object') return false;
  log.info('changed the settings of the database');
  return true;
}
