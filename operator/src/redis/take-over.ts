import type { Action } from './action.ts';
import { absentOwners, byAdvance, isFailed, mayReturn, ownsSlots, replicasOf } from './roles.ts';
import { type KnownNode, type LiveMember, sees, type Topology } from './topology.ts';

/**
 * Redis does not let a replica stand that has been without its primary for ten node timeouts, which are 40 s, and some
 * 15 s more. Until then the election is its own.
 */
const REDIS_ELECTS_FOR_MS = 60_000;
/** Invalidations are told once more after 15 s: what a replica lacks of the time before the loss must not be older. */
const MAY_LACK_MS = 15_000;

/**
 * A primary is gone and its replica lives. Redis elects by itself while most primaries live; when they do not, nobody
 * can, and the most advanced replica is told to take over. So it is where Redis did not elect within the time it has,
 * as after a majority that was away for a while. One that will be back soon with its data is waited for; but not for
 * long, since nobody serves meanwhile.
 *
 * A replica that had lost sight of its primary before, or never came to be in sync since it started, must not serve what
 * it has: sessions that were ended in between would live again. It begins anew without it, and an empty shard serves.
 * Hence Redis' own limit is left as it is (`cluster-replica-validity-factor`): without one, it would be elected.
 */
export function takeOver(topology: Topology, live: readonly LiveMember[]): Action[] {
  const lost = absentOwners(live).filter(isFailed);
  if (lost.length === 0 || mayReturn(topology)) return [];
  const canElect = live.filter(ownsSlots).length > lost.length;
  return lost.flatMap((owner) => {
    const heardAtMs = lastHeardOf(owner, live);
    if (canElect && topology.atMs - heardAtMs < REDIS_ELECTS_FOR_MS) return [];
    const heirs = replicasOf(owner.id, live);
    const [heir] = heirs
      .filter((each) => each.view.replication.syncedUntilMs >= heardAtMs - MAY_LACK_MS)
      .sort(byAdvance);
    if (heir !== undefined) return [{ do: 'takeover', on: heir.pod }];
    return heirs.map(({ pod }): Action => ({ do: 'reset', on: pod }));
  });
}

function lastHeardOf({ id }: KnownNode, live: readonly LiveMember[]): number {
  return Math.max(...live.map((member) => sees(member, id)?.heardAtMs ?? 0));
}
