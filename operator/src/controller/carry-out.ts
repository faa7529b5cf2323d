import type { Logger } from 'pino';
import type { AuthCluster } from '../api/authcluster.ts';
import type { Deployment, KubernetesObject, Service } from '../kubernetes/objects.ts';
import { PRUNED_KINDS } from '../kubernetes/rbac.ts';
import { inSpan } from '../observability/spans.ts';
import { readService } from '../rollout/plan.ts';
import { opposite } from '../rollout/terms.ts';
import { apiDeploymentReference, type Desired } from '../specs/desired.ts';
import type { Credentials } from '../specs/inputs.ts';
import { names } from '../specs/names.ts';
import type { Applier } from './applier.ts';
import { lookForUnissuedCertificates } from './certificates.ts';
import type { ConversationOptions } from './conversation.ts';
import type { Surroundings } from './observe.ts';
import type { Pass } from './pass.ts';
import { unwanted } from './prune.ts';
import { isReached, lookForRefusedRoutes } from './routes.ts';
import { ofColor, tierOf } from './tiers.ts';

export interface CarryOutOptions extends Pick<ConversationOptions, 'client' | 'cache' | 'api'> {
  applier: Applier;
}

/** What a pass has decided for one AuthCluster, and what it decided from. */
export interface Decided {
  key: string;
  cluster: AuthCluster;
  around: Surroundings;
  credentials: Credentials;
  plan: Desired;
}

/**
 * Brings what is to what was decided. Returns whether a workload is another one now than it was, so that what was seen of
 * it is out of date.
 */
export async function carryOut(options: CarryOutOptions, decided: Decided, pass: Pass, log: Logger): Promise<boolean> {
  const { key, cluster, around, plan } = decided;
  const workloadsChanged = await inSpan('apply', {}, () => applyObjects(options, key, plan, pass));
  await standBy(options, decided, log);
  await resize(options, cluster, plan, pass);
  await lookForRefusedRoutes(options.cache, cluster, pass);
  await lookForUnissuedCertificates(options.cache, cluster, pass);
  await prune(options, cluster, plan, pass, log);
  await renewStatefulSet(options, cluster, around, pass, log);
  return workloadsChanged;
}

/** Tiers at the same time, the objects of one in their order: what comes first may be needed by what follows. */
async function applyObjects(options: CarryOutOptions, key: string, plan: Desired, pass: Pass): Promise<boolean> {
  const byTier = Map.groupBy(plan.objects, (object) => tierOf(object));
  let workloadsChanged = false;
  await Promise.all(
    [...byTier].map(async ([tier, objects]) => {
      for (const object of objects) {
        const step = `apply ${object.kind} ${object.metadata.name}`;
        const before = workloadGeneration(options, object);
        await pass.settle(step, tier, () => options.applier.apply(key, object));
        workloadsChanged ||= workloadGeneration(options, object) !== before;
      }
    }),
  );
  return workloadsChanged;
}

function workloadGeneration({ cache }: CarryOutOptions, { kind, metadata }: KubernetesObject): number | undefined {
  if (kind !== 'Deployment' && kind !== 'StatefulSet') return undefined;
  return cache.store(kind).get(metadata.namespace ?? '', metadata.name)?.metadata.generation;
}

/** Once the traffic has moved, whatever else of this pass failed; before what has lost it may be deleted. */
async function standBy(
  { api, cache }: CarryOutOptions,
  { cluster, around, credentials, plan }: Decided,
  log: Logger,
): Promise<void> {
  const { standingBy } = plan;
  if (standingBy === undefined) return;
  const service = cache.store<Service>('Service').get(cluster.metadata.namespace, names(cluster).api);
  if (readService(service).serving !== opposite(standingBy)) return;
  const deaf = await api.standBy(ofColor(around.pods.api, standingBy), credentials.api.operationsToken);
  if (deaf.length > 0) log.warn({ pods: deaf }, 'pods that have lost the traffic could not be told');
}

/** Of Deployments whose size no autoscaler decides at present. */
async function resize(options: CarryOutOptions, cluster: AuthCluster, plan: Desired, pass: Pass): Promise<void> {
  const { cache, client } = options;
  for (const [name, size] of plan.sizes) {
    const live = cache.store<Deployment>('Deployment').get(cluster.metadata.namespace, name);
    if (live === undefined) continue;
    const present = live.spec.replicas ?? 1;
    const replicas = 'exactly' in size ? size.exactly : Math.max(present, size.atLeast);
    if (replicas === present) continue;
    await pass.attempt(`scale Deployment ${name}`, tierOf(live), async () => {
      const scaled = await client.mergePatch(live, { spec: { replicas } });
      if (typeof scaled === 'object') cache.note(scaled);
    });
  }
}

/** Deletes what is no longer wanted. */
async function prune(
  options: CarryOutOptions,
  cluster: AuthCluster,
  plan: Desired,
  pass: Pass,
  log: Logger,
): Promise<void> {
  const { cache, client } = options;
  const { namespace, name, uid } = cluster.metadata;
  const live = PRUNED_KINDS.flatMap((kind) => cache.store(kind).ofInstance(namespace, name));
  const wanted = [...plan.objects, ...plan.kept, ...withTheTraffic(options, cluster)];
  const { held, replacing } = plan;
  const failed = pass.failures.map(({ tier }) => tier);
  const unreached = new Set(isReached(cache, cluster) ? failed : [...failed, 'gateway' as const]);
  for (const object of unwanted({ ownerUid: uid, live, wanted, held, replacing, unreached })) {
    await pass.attempt(`delete ${object.kind} ${object.metadata.name}`, tierOf(object), async () => {
      const outcome = await client.delete(object);
      // The watch may be late to tell; what is gone is not to be deleted again and again meanwhile.
      if (outcome === 'gone') cache.store(object.kind).remove(object);
      log.info({ kind: object.kind, name: object.metadata.name, outcome }, 'deleted what is no longer wanted');
    });
  }
}

/** What the Service still selects where it could not be changed: it must not go before the traffic has. */
function withTheTraffic({ cache }: CarryOutOptions, cluster: AuthCluster): KubernetesObject[] {
  const service = cache.store<Service>('Service').get(cluster.metadata.namespace, names(cluster).api);
  const { serving } = readService(service);
  return serving === undefined ? [] : [apiDeploymentReference(cluster, serving)];
}

/**
 * Deletes the database's StatefulSet and not its pods, so that the next pass makes it anew with what cannot be changed
 * in place. Last in a pass, and begun again by the next one, until the watch has told that it is gone.
 */
async function renewStatefulSet(
  options: CarryOutOptions,
  cluster: AuthCluster,
  { objects }: Surroundings,
  pass: Pass,
  log: Logger,
): Promise<void> {
  const live = objects.statefulSets.get(names(cluster).postgres);
  if (!objects.volumes.renewTemplate || live === undefined || live.metadata.deletionTimestamp !== undefined) return;
  await pass.attempt(`renew StatefulSet ${live.metadata.name}`, 'database', async () => {
    const outcome = await options.client.delete(live, 'Orphan');
    log.info({ name: live.metadata.name, outcome }, 'deleted a StatefulSet around its pods, to be made anew');
  });
}
