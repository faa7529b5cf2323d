import type { AuthCluster } from '../../api/authcluster.ts';
import type { StatefulSet } from '../../kubernetes/objects.ts';
import { isLed, ordinalOf } from '../../postgres/patroni.ts';
import type { Observed } from '../../status/observed.ts';
import { names } from '../names.ts';
import type { KeptOfPostgres } from './stateful-set.ts';

type Seen = Pick<Observed, 'statefulSets' | 'patroni' | 'volumes' | 'moves'>;

/**
 * A primary among the members that are to go hands over first: until then those below it stay. The size of volumes is that
 * of the live StatefulSet until it is made anew, which waits for the volumes themselves.
 */
export function keptOfPostgres(cluster: AuthCluster, observed: Seen): KeptOfPostgres {
  const live = observed.statefulSets.get(names(cluster).postgres);
  const storageSize = live && templateSize(live);
  const replicas = keptMembers(cluster, observed, live?.spec.replicas ?? 0);
  return {
    ...(replicas === undefined ? {} : { replicas }),
    ...(storageSize === undefined ? {} : { storageSize }),
    leaving: live?.metadata.deletionTimestamp !== undefined,
    primaryMayGo: observed.moves.primaryMayGo === true,
  };
}

/** How many members there are for now, where the spec asks for fewer. */
function keptMembers(
  { spec: { postgres } }: AuthCluster,
  { patroni, volumes }: Seen,
  running: number,
): number | undefined {
  const { leader, initialized, members } = patroni;
  const wanted = postgres.readReplicas + 1;
  // Any volume may be the one with every commit: where nobody leads, as in a database that is adopted, none stays away
  // from the election.
  if (!isLed(patroni)) return initialized && volumes.members > wanted ? volumes.members : undefined;
  if (leader === undefined || ordinalOf(leader) < wanted) return undefined;
  const upToLeader = ordinalOf(leader) + 1;
  // Those above it may go: were one of them the synchronous standby, nobody else would become it. But not while none that
  // stays is ready.
  const isSomebodyLeft = members.some(({ pod, ready }) => ready && ordinalOf(pod) < wanted);
  // While the StatefulSet is made anew none is there to tell how many run.
  return isSomebodyLeft ? upToLeader : Math.max(running, upToLeader);
}

export function templateSize({ spec }: StatefulSet): string | undefined {
  return spec.volumeClaimTemplates?.[0]?.spec.resources.requests.storage;
}
