import type { Action } from './action.ts';
import { ownerOfShard, ownsSlots, primaryOf } from './roles.ts';
import { firstSlots, lastSlots, nominalRange, type SlotRange, slotsIn, without } from './slots.ts';
import { type LiveMember, selfOf, type Topology } from './topology.ts';

/** A primary that should have more slots. */
interface Receiver {
  member: LiveMember;
  missing: number;
}

/** Slots nobody owns go to the shards that have too few: to a lost shard its own, wherever they lay. */
export function assignFreeSlots(topology: Topology, live: readonly LiveMember[], free: readonly SlotRange[]): Action[] {
  return dealOut(free, receivers(topology, live)).flatMap(({ member, ranges }): Action[] => [
    { do: 'addSlots', on: member.pod, ranges },
    { do: 'bumpEpoch', on: member.pod },
  ]);
}

/**
 * Moves that leave every shard with its even share and every other node with nothing: shards that are to go, and all
 * but one owner of a shard that has several. No slot moves that need not.
 */
export function moveSlots(topology: Topology, live: readonly LiveMember[]): Action[] {
  let open = receivers(topology, live);
  return live.filter(ownsSlots).flatMap((member): Action[] => {
    const given = dealOut(surplusOf(topology, live, member), open);
    open = open.map((receiver) => ({
      ...receiver,
      missing:
        receiver.missing -
        slotsIn(given.filter((part) => part.member === receiver.member).flatMap((part) => part.ranges)),
    }));
    return given.map(({ member: to, ranges }) => ({ do: 'moveSlots', on: member.pod, to: to.pod, ranges }));
  });
}

function surplusOf(topology: Topology, live: readonly LiveMember[], member: LiveMember): SlotRange[] {
  const { slots } = selfOf(member);
  const stays = member.shard < topology.shards && ownerOfShard(member.shard, live) === member;
  return stays ? lastSlots(slots, slotsIn(slots) - share(topology, member.shard)) : [...slots];
}

function receivers(topology: Topology, live: readonly LiveMember[]): Receiver[] {
  return Array.from({ length: topology.shards }, (_, shard) => primaryOf(shard, live))
    .filter((member) => member !== undefined)
    .map((member) => ({ member, missing: share(topology, member.shard) - slotsIn(selfOf(member).slots) }))
    .filter(({ missing }) => missing > 0);
}

function share(topology: Topology, shard: number): number {
  return slotsIn([nominalRange(shard, topology.shards)]);
}

function dealOut(ranges: readonly SlotRange[], to: readonly Receiver[]): { member: LiveMember; ranges: SlotRange[] }[] {
  let rest = [...ranges];
  return to.flatMap(({ member, missing }) => {
    const part = firstSlots(rest, missing);
    rest = without(rest, part);
    return part.length === 0 ? [] : [{ member, ranges: part }];
  });
}
