import type { MovableMember, MovesView } from './moves.ts';
import { ordinalOf } from './patroni.ts';

/** Members that may become the primary without losing a commit, those that have received most first. */
export function candidates({ members, leader, synchronous, syncStandbys }: MovesView): MovableMember[] {
  const received = ({ xlogLocation = 0n }: MovableMember) => xlogLocation;
  return members
    .filter(({ pod, ready, leaving }) => pod !== leader && ready && !leaving)
    .filter(({ pod }) => !synchronous || syncStandbys.includes(pod))
    .sort((left, right) => Number(received(right) - received(left)) || ordinalOf(left.pod) - ordinalOf(right.pod));
}

/**
 * Where all nodes that the primary could be moved to are to be drained as well, as when nodes are replaced by others, the
 * drain of its node would wait for theirs, which may come after it. It is not moved from one to the next: whether a node is
 * only cordoned is not to be seen, and it would go round for as long. So a drain may have it, while all others are there.
 */
export function mayGo(view: MovesView, primary: MovableMember): boolean {
  const staying = view.members.filter(({ pod }) => ordinalOf(pod) < view.wantedMembers);
  const isWhole = staying.length === view.wantedMembers && staying.every(({ ready, leaving }) => ready && !leaving);
  const elsewhere = candidates(view).filter(({ node }) => node !== primary.node);
  return primary.cordoned && isWhole && elsewhere.length > 0 && elsewhere.every(({ cordoned }) => cordoned);
}
