import type { AuthCluster } from '../api/authcluster.ts';
import type { ObjectCache } from '../kubernetes/cache.ts';
import type {
  ConfigMap,
  Deployment,
  EndpointSlice,
  HorizontalPodAutoscaler,
  Job,
  LiveObject,
  PersistentVolumeClaim,
  Pod,
  Service,
  StatefulSet,
} from '../kubernetes/objects.ts';
import { decideMove } from '../postgres/moves.ts';
import { readPatroni } from '../postgres/patroni.ts';
import { planVolumes } from '../postgres/volumes.ts';
import { readService } from '../rollout/plan.ts';
import { podHealth } from '../rollout/pod-health.ts';
import { COLOR_LABEL, type Component, names, ROLE_LABEL } from '../specs/names.ts';
import { byName, type Observed, type StuckPod, type Tier } from '../status/observed.ts';
import { blindAutoscalers } from './blind-autoscalers.ts';
import { isOlder, movesView, volumesView } from './database-views.ts';
import { isLost, nodesSeen } from './nodes.ts';
import { whyStuck } from './stuck-pods.ts';
import { componentOf, hasComponent, tierOf } from './tiers.ts';
import { unbelievedGateway } from './unbelieved-gateway.ts';

/** What the watches know of one AuthCluster: what is to be told and the pods to talk to. No call is made. */
export interface Surroundings {
  objects: Pick<
    Observed,
    | 'statefulSets'
    | 'deployments'
    | 'jobs'
    | 'podCounts'
    | 'api'
    | 'atMs'
    | 'desiredReplicas'
    | 'blindAutoscalers'
    | 'unbelievedGateway'
    | 'unexposedGateway'
    | 'patroni'
    | 'olderDatabasePods'
    | 'volumes'
    | 'moves'
    | 'stuckPods'
  >;
  /**
   * Of poolers without those that were evicted, or went with their node: nobody is served by them, and nobody can talk to
   * them.
   */
  pods: { postgres: Pod[]; poolers: Pod[]; redis: Pod[]; api: Pod[] };
  /** Patroni's ConfigMaps. */
  patroniObjects: ConfigMap[];
}

export function observeObjects(cache: ObjectCache, cluster: AuthCluster, atMs: number): Surroundings {
  const { namespace, name } = cluster.metadata;
  const live = <T extends LiveObject>(kind: string) => cache.store<T>(kind).ofInstance(namespace, name);
  const pods = live<Pod>('Pod').sort((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1));
  const ofComponents = (...components: readonly Component[]) => pods.filter((pod) => hasComponent(pod, ...components));
  const nodes = nodesSeen(cache);
  const isThere = (pod: Pod) => !hasEnded(pod) && !isLost(pod, nodes, atMs);
  const postgres = ofComponents('postgres');
  const service = cache.store<Service>('Service').get(namespace, names(cluster).api);
  const scope = names(cluster).patroniScope;
  const patroniObjects = live<ConfigMap>('ConfigMap').filter(({ metadata }) => isPatroni(metadata.name, scope));
  const objects = {
    statefulSets: byName(live<StatefulSet>('StatefulSet')),
    deployments: byName(live<Deployment>('Deployment')),
    podCounts: podCounts(pods.filter(isThere)),
    patroni: readPatroni({ scope, configMaps: patroniObjects, pods: postgres, roleLabel: ROLE_LABEL }),
  };
  const poolers = ofComponents('pooler-rw', 'pooler-ro').filter(isThere);
  const api = ofComponents('auth-api');
  const autoscalers = live<HorizontalPodAutoscaler>('HorizontalPodAutoscaler');
  const told = readService(service);
  const serving = api.filter(({ metadata }) => metadata.labels?.[COLOR_LABEL] === told.serving);
  const health = podHealth(serving, told.record.switchedAtMs, atMs);
  return {
    objects: {
      ...objects,
      jobs: byName(live<Job>('Job')),
      api: { ...told, check: undefined, baseline: undefined, traffic: undefined, health },
      atMs,
      desiredReplicas: desiredReplicas(autoscalers),
      blindAutoscalers: blindAutoscalers(autoscalers, atMs),
      unbelievedGateway: unbelievedGateway(cluster, ofComponents('gateway')),
      olderDatabasePods: postgres.filter((pod) => isOlder(pod, objects.statefulSets.get(scope))).length,
      volumes: planVolumes(
        volumesView(cluster, { ...objects, claims: live<PersistentVolumeClaim>('PersistentVolumeClaim') }),
      ),
      moves: decideMove(
        movesView(cluster, {
          ...objects,
          atMs,
          pods: { postgres, poolers, all: pods },
          cordonedNodes: nodes.cordoned,
        }),
      ),
      stuckPods: stuckPods(pods),
    },
    pods: { postgres, poolers, redis: ofComponents('redis'), api },
    patroniObjects,
  };
}

/** Whether a Service sends connections to this pod, and to no other. */
export function servesAlone(cache: ObjectCache, cluster: AuthCluster, service: string, pod: string): boolean {
  const { namespace, name } = cluster.metadata;
  const slices = cache.store<EndpointSlice>('EndpointSlice').ofInstance(namespace, name);
  const ready = slices
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service)
    .flatMap(({ endpoints }) => (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false));
  return ready.length > 0 && ready.every(({ targetRef }) => targetRef?.name === pod);
}

function isPatroni(configMap: string, scope: string): boolean {
  return ['config', 'leader', 'sync', 'failover'].some((suffix) => configMap === `${scope}-${suffix}`);
}

/** Before its first measurement an autoscaler wants 0, which means that it does not know yet. */
function desiredReplicas(autoscalers: readonly HorizontalPodAutoscaler[]): Map<string, number> {
  const wanted = new Map<string, number>();
  for (const { metadata, status } of autoscalers) {
    if (status?.desiredReplicas) wanted.set(metadata.name, status.desiredReplicas);
  }
  return wanted;
}

/** What is left of the pod of a Job that is done, or of one that its node has evicted: it stays, and calls nobody. */
function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function podCounts(pods: readonly Pod[]): Observed['podCounts'] {
  const counts: Partial<Record<Component, number>> = {};
  for (const pod of pods) {
    const component = componentOf(pod);
    if (component !== undefined) counts[component] = (counts[component] ?? 0) + 1;
  }
  return counts;
}

function stuckPods(pods: readonly Pod[]): Partial<Record<Tier, StuckPod[]>> {
  const stuck: Partial<Record<Tier, StuckPod[]>> = {};
  for (const pod of pods) {
    const tier = tierOf(pod);
    const why = whyStuck(pod);
    if (tier === undefined || why === undefined) continue;
    stuck[tier] = [...(stuck[tier] ?? []), why];
  }
  return stuck;
}
