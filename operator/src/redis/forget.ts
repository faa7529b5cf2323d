import type { Action } from './action.ts';
import { settleOpenSlots } from './open-slots.ts';
import { absentOwners, everyoneAnswers, isFailed, isNobodyAwaited, replicasOf } from './roles.ts';
import { type KnownNode, type LiveMember, sees, selfOf, type Topology } from './topology.ts';

/**
 * Ids that belong to no pod any more. When every pod answers no live node can hide behind one. Otherwise it must have
 * failed in everybody's eyes, and its pod be another node by now, or whoever does not answer be given up. A dead owner
 * whose replica lives is not forgotten: an election or a take-over comes first.
 */
export function forget(topology: Topology, live: readonly LiveMember[]): Action[] {
  const ids = new Set(live.map(({ view }) => view.id));
  const isGone = everyoneAnswers(topology) ? () => true : (node: KnownNode) => isGoneForAll(topology, live, node);
  const { peers } = settleOpenSlots(topology, live);
  const awaitsHeir = new Set(
    absentOwners(live)
      .map(({ id }) => id)
      .filter((id) => replicasOf(id, live).length > 0),
  );
  return live.flatMap((member) =>
    member.view.known
      .filter(({ id, flags }) => !ids.has(id) && !flags.has('handshake') && !awaitsHeir.has(id) && !peers.has(id))
      // A replica cannot forget the primary it follows: it is given a new one first, by `replicate`.
      .filter(({ id }) => selfOf(member).primaryId !== id)
      .filter(isGone)
      .map(({ id }): Action => ({ do: 'forget', on: member.pod, id })),
  );
}

function isGoneForAll(topology: Topology, live: readonly LiveMember[], { id, pod }: KnownNode): boolean {
  const isAnother = live.some((member) => member.pod === pod);
  return (isAnother || isNobodyAwaited(topology)) && live.every((member) => hasFailed(member, id));
}

/** Whether it is no node to `member` that works. */
function hasFailed(member: LiveMember, id: string): boolean {
  const node = sees(member, id);
  return node === undefined || isFailed(node);
}
