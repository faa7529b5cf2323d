import type { Logger } from 'pino';
import type { AuthCluster } from '../api/authcluster.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { isStatus } from '../kubernetes/errors.ts';
import type { MoveReport } from '../postgres/mover.ts';
import { isLed } from '../postgres/patroni.ts';
import { type Credentials, loginOf, type PostgresLogin, taken } from '../specs/inputs.ts';
import { names, ROLE_LABEL, SWITCHOVER_ANNOTATION } from '../specs/names.ts';
import { changedDynamicConfiguration } from '../specs/postgres/patroni.ts';
import type { ConversationOptions } from './conversation.ts';
import { mayHaveClients } from './database-views.ts';
import { StorageNotExpandable } from './errors.ts';
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
  const poolers = pods.poolers.filter((pod) => hasComponent(pod, 'pooler-rw') && mayHaveClients(pod));
  const report = await mover.carryOut(key, next, {
    pods: pods.postgres,
    poolers,
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

/** Has volumes grow, and removes those of members that are gone. */
export async function tendVolumes(
  { client, cache }: ConversationOptions,
  cluster: AuthCluster,
  around: Surroundings,
  log: Logger,
): Promise<void> {
  const { size: storage } = cluster.spec.postgres.storage;
  const { grow, remove } = around.objects.volumes;
  for (const claim of grow) {
    const grown = await client.mergePatch(claim, { spec: { resources: { requests: { storage } } } }).catch((error) => {
      throw isStatus(error, 403, 422) ? new StorageNotExpandable(claim.metadata.name, storage, error) : error;
    });
    if (typeof grown === 'object') cache.note(grown);
    log.info({ claim: claim.metadata.name, storage }, 'asked for a larger volume');
  }
  for (const claim of remove) {
    const outcome = await client.delete(claim);
    log.info({ claim: claim.metadata.name, outcome }, 'deleted the volume of a database pod that is gone');
  }
}

/** Settings that the spec has changed since the bootstrap. Patroni watches its ConfigMap and brings them to all members. */
export async function bringPatroniSettings(
  client: KubernetesClient,
  cluster: AuthCluster,
  { objects, patroniObjects }: Surroundings,
): Promise<boolean> {
  const configMap = patroniObjects.find(({ metadata }) => metadata.name === `${names(cluster).patroniScope}-config`);
  const current = configMap?.metadata.annotations?.config;
  if (configMap === undefined || current === undefined) return false;
  const { patroni } = objects;
  const config = changedDynamicConfiguration(cluster, current, isLed(patroni) ? patroni.leader : undefined);
  if (config === undefined) return false;
  const { resourceVersion } = configMap.metadata;
  return (
    typeof (await client.mergePatch(configMap, { metadata: { resourceVersion, annotations: { config } } })) === 'object'
  );
}
