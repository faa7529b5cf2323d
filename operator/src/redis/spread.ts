import type { Action } from './action.ts';
import { ownsSlots } from './roles.ts';
import { type LiveMember, selfOf } from './topology.ts';

/**
 * The primaries that stay must be a majority whichever Kubernetes node is lost, or nobody could elect the heirs of
 * those that were on it. One hand-over at a time, and only one that helps: never from a node to one that would then
 * have too many itself.
 */
export function spreadPrimaries(live: readonly LiveMember[]): Action[] {
  const primaries = live.filter(ownsSlots);
  const countOn = (node: string | undefined) => primaries.filter((primary) => primary.node === node).length;
  const isTooMany = (count: number) => count * 2 >= primaries.length;
  for (const primary of primaries) {
    if (primary.node === undefined || countOn(primary.node) < 2 || !isTooMany(countOn(primary.node))) continue;
    const heir = live.find(
      (member) =>
        selfOf(member).primaryId === primary.view.id &&
        member.node !== undefined &&
        member.node !== primary.node &&
        !isTooMany(countOn(member.node) + 1),
    );
    if (heir !== undefined) return [{ do: 'failover', on: heir.pod }];
  }
  return [];
}
