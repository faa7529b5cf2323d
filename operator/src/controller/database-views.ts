import type { AuthCluster } from '../api/authcluster.ts';
import {
  type Deployment,
  isTakenUp,
  type Node,
  type PersistentVolumeClaim,
  type Pod,
  type StatefulSet,
} from '../kubernetes/objects.ts';
import type { MovableMember, MovesView } from '../postgres/moves.ts';
import { isLed, isPodReady } from '../postgres/patroni.ts';
import type { VolumesView } from '../postgres/volumes.ts';
import { names, SHAPE_ANNOTATION, SWITCHOVER_ANNOTATION } from '../specs/names.ts';
import { templateSize } from '../specs/postgres/kept.ts';
import { isSynchronous } from '../specs/postgres/patroni.ts';
import type { Observed } from '../status/observed.ts';
import { commotion } from './commotion.ts';
import { whyStuck } from './stuck-pods.ts';
import { hasComponent } from './tiers.ts';

type Seen = Pick<Observed, 'patroni' | 'statefulSets' | 'deployments' | 'podCounts'> & {
  /** `all` of the AuthCluster, these among them. */
  pods: { postgres: readonly Pod[]; poolers: readonly Pod[]; all: readonly Pod[] };
  /** Nodes that take no new pods. */
  cordonedNodes: readonly Node[];
  atMs: number;
};

/** What is known of database pods that decides where the primary may be, and which of them start anew. */
export function movesView(cluster: AuthCluster, seen: Seen): MovesView {
  const { leader, members, syncStandbys } = seen.patroni;
  const statefulSet = seen.statefulSets.get(names(cluster).postgres);
  const cordoned = new Set(seen.cordonedNodes.map(({ metadata }) => metadata.name));
  const podOf = new Map(seen.pods.postgres.map((pod) => [pod.metadata.name, pod]));
  return {
    leader,
    syncStandbys,
    members: members.map((member): MovableMember => {
      const pod = podOf.get(member.pod);
      const stuck = pod !== undefined && isStuck(pod);
      return {
        ...member,
        stuck,
        // Where the image could not be had, say, what runs it next time is the mended template, of whichever release.
        outdated: pod !== undefined && (isOutdated(cluster, pod, statefulSet) || (stuck && isOlder(pod, statefulSet))),
        leaving: pod?.metadata.deletionTimestamp !== undefined,
        node: pod?.spec.nodeName,
        cordoned: cordoned.has(pod?.spec.nodeName ?? ''),
      };
    }),
    synchronous: isSynchronous(cluster, leader),
    wantedMembers: cluster.spec.postgres.readReplicas + 1,
    requested: cluster.metadata.annotations?.[SWITCHOVER_ANNOTATION],
    hindrance: hindrance(cluster, seen),
    commotion: commotion(seen.pods.all, seen.cordonedNodes, seen.atMs),
  };
}

/** Whether a pod was made from an older template than its StatefulSet has. */
export function isOlder({ metadata }: Pick<Pod, 'metadata'>, statefulSet: StatefulSet | undefined): boolean {
  const updateRevision = statefulSet?.status?.updateRevision;
  if (statefulSet === undefined || !isTakenUp(statefulSet) || updateRevision === undefined) return false;
  return metadata.labels?.['controller-revision-hash'] !== updateRevision;
}

/**
 * A pod of an older template that differs in what the spec says, or, where the spec asks for it, in anything: then also
 * in the image of another release of the operator.
 */
function isOutdated(cluster: AuthCluster, { metadata }: Pod, statefulSet: StatefulSet | undefined): boolean {
  if (!isOlder({ metadata }, statefulSet)) return false;
  const wanted = statefulSet?.spec.template?.metadata?.annotations?.[SHAPE_ANNOTATION];
  return cluster.spec.postgres.updates === 'Automatic' || metadata.annotations?.[SHAPE_ANNOTATION] !== wanted;
}

/** Whether something holds it up that passes only if somebody mends it: no node takes it, no image is to be had, it crashes. */
function isStuck(pod: Pod): boolean {
  const { phase, containerStatuses = [] } = pod.status ?? {};
  const runs = phase !== 'Pending' && containerStatuses.every(({ state }) => state?.running !== undefined);
  return !runs && !isPodReady(pod) && whyStuck(pod) !== undefined;
}

/**
 * Writes are held back in poolers: all that have clients have to be there, and what goes past them has to be over. A pod
 * that cannot start, as where no node has room, has none: waiting for it could be for good.
 */
function hindrance(cluster: AuthCluster, { deployments, podCounts, pods }: Seen): string | undefined {
  const deployment: Deployment | undefined = deployments.get(names(cluster).poolerReadWrite);
  const isChanging = deployment !== undefined && !isTakenUp(deployment);
  const poolers = pods.poolers.filter((pod) => hasComponent(pod, 'pooler-rw'));
  const running = poolers.filter(mayHaveClients);
  if (running.some(({ metadata }) => metadata.deletionTimestamp !== undefined)) {
    return 'the clients of a pooler that stops have to leave it';
  }
  if (!running.every(isPodReady) || poolers.some(isStarting) || isChanging) {
    return 'every read-write pooler that runs or starts has to be ready';
  }
  if ((podCounts.migrations ?? 0) > 0) return 'a migration has to end';
  return undefined;
}

/** Whether containers of the pod have run, and have not ended for good. */
export function mayHaveClients({ status }: Pod): boolean {
  return !['Pending', 'Succeeded', 'Failed'].includes(status?.phase ?? '');
}

/** It will have clients within moments. */
function isStarting(pod: Pod): boolean {
  return pod.status?.phase === 'Pending' && whyStuck(pod) === undefined;
}

/** What is known of the volumes of database pods. */
export function volumesView(
  cluster: AuthCluster,
  seen: Pick<Observed, 'patroni' | 'statefulSets'> & { claims: readonly PersistentVolumeClaim[] },
): VolumesView {
  const { readReplicas, storage } = cluster.spec.postgres;
  const statefulSet = seen.statefulSets.get(names(cluster).postgres);
  const { members } = seen.patroni;
  const readyMembers = members.filter(({ ready }) => ready).length;
  return {
    size: storage.size,
    claims: seen.claims.filter((claim) => hasComponent(claim, 'postgres')),
    templateSize: statefulSet && templateSize(statefulSet),
    wantedMembers: readReplicas + 1,
    whole:
      statefulSet?.spec.replicas === readReplicas + 1 &&
      isLed(seen.patroni) &&
      members.length === readReplicas + 1 &&
      readyMembers === members.length,
  };
}
