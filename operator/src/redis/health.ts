import { ownsSlots, participants } from './roles.ts';
import { SLOT_COUNT, slotsIn } from './slots.ts';
import { isAlone, isPrimary, type LiveMember, sees, type Topology } from './topology.ts';

export interface RedisHealth {
  /** Members that answer and are known to every other. */
  readyNodes: number;
  /** Slots with a live owner in the view of the member that sees the fewest. */
  slotsCovered: number;
  primaries: number;
  /** All slots covered everywhere, and each shard with one primary that the others follow. */
  whole: boolean;
  /** Shards whose StatefulSets must stay: the wanted ones, and those that are not empty yet. */
  shardsInUse: number;
}

/**
 * `cluster_state:ok` is no proof while full coverage is not required, so coverage is counted on every member. One that
 * was just born and knows nobody yet is not a member: it must not make the others look broken.
 */
export function assessHealth(topology: Topology): RedisHealth {
  const live = participants(topology);
  const members = live.filter((member) => !isAlone(member));
  const slotsCovered = members.length === 0 ? 0 : Math.min(...members.map(coverageSeenBy));
  const primaries = members.filter(ownsSlots);
  const wanted = topology.shards * topology.membersPerShard;
  return {
    readyNodes: members.filter((member) => members.every((other) => sees(other, member.view.id)?.ip === member.ip))
      .length,
    slotsCovered,
    primaries: primaries.length,
    whole:
      slotsCovered === SLOT_COUNT &&
      members.length >= wanted &&
      members.length === live.length &&
      primaries.length === topology.shards &&
      members.every((member) => isPrimary(member) === primaries.includes(member)),
    shardsInUse: shardsInUse(topology, live),
  };
}

/**
 * How many shards must stay, counted up to the last that is needed. One that is to go may do so once nobody of the
 * others knows its nodes, and these own all slots between them: as long as a member may think otherwise, it stays.
 */
function shardsInUse({ shards, existingShards, members }: Topology, live: readonly LiveMember[]): number {
  const staying = live.filter(({ shard }) => shard < shards);
  const ids = new Set(staying.map(({ view }) => view.id));
  const ownAll = (member: LiveMember) =>
    slotsIn(member.view.known.flatMap(({ id, slots }) => (ids.has(id) ? slots : []))) === SLOT_COUNT;
  const known = new Set(staying.flatMap(({ view }) => view.known.map(({ id }) => id)));
  const isNeeded = (shard: number) =>
    staying.length === 0 ||
    !staying.every(ownAll) ||
    members.some((member) => member.shard === shard && member.view !== undefined && known.has(member.view.id)) ||
    live.some((member) => member.shard === shard);
  let count = Math.max(shards, existingShards);
  while (count > shards && !isNeeded(count - 1)) count--;
  return count;
}

function coverageSeenBy(member: LiveMember): number {
  return member.view.known
    .filter(({ flags }) => !flags.has('fail') && !flags.has('noaddr'))
    .reduce((sum, { slots }) => sum + slotsIn(slots), 0);
}
