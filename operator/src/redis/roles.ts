import { slotsIn } from './slots.ts';
import {
  isPrimary,
  type KnownNode,
  type LiveMember,
  liveMembers,
  selfOf,
  shardOfPod,
  type Topology,
} from './topology.ts';

/**
 * Every pod answers and no wanted one is missing: then no live node can hide behind an id that belongs to no pod. A
 * shard that is to go is waited for only if its nodes come back with their data.
 */
export function everyoneAnswers({ shards, existingShards, membersPerShard, persistent, members }: Topology): boolean {
  if (members.some(({ view }) => view === undefined)) return false;
  const counts = Array.from(
    { length: persistent ? Math.max(shards, existingShards) : shards },
    (_, shard) => members.filter((member) => member.shard === shard).length,
  );
  return counts.every((count) => count >= membersPerShard);
}

/**
 * Everyone who does not answer is given up. A pod that is neither there nor given up is one that its StatefulSet is about
 * to make. Whoever does not answer may still be a live node to the others: their word counts, by `isFailed`.
 */
export function isNobodyAwaited(topology: Topology): boolean {
  const { shards, existingShards, membersPerShard, persistent, members, givenUp } = topology;
  if (members.some(({ pod, view }) => view === undefined && !givenUp.has(pod))) return false;
  const accountedFor = [...new Set([...members.map(({ pod }) => pod), ...givenUp])].map(shardOfPod);
  return Array.from(
    { length: persistent ? Math.max(shards, existingShards) : shards },
    (_, shard) => accountedFor.filter((each) => each === shard).length,
  ).every((count) => count >= membersPerShard);
}

/** Whether somebody who is away is expected back soon, with the data of before. */
export function mayReturn(topology: Topology): boolean {
  return topology.persistent && !isNobodyAwaited(topology);
}

/** The lowest-named live member of each shard, in order of shards. Shards without one are left out. */
export function firstOfShards(topology: Topology, live: readonly LiveMember[]): LiveMember[] {
  return Array.from({ length: topology.shards }, (_, shard) => live.find((member) => member.shard === shard)).filter(
    (member) => member !== undefined,
  );
}

export function ownsSlots(member: LiveMember): boolean {
  return isPrimary(member) && selfOf(member).slots.length > 0;
}

/** The primary that serves the shard's slots; with two of them the one with more. */
export function ownerOfShard(shard: number, live: readonly LiveMember[]): LiveMember | undefined {
  return live
    .filter((member) => member.shard === shard && ownsSlots(member))
    .sort((a, b) => slotsIn(selfOf(b).slots) - slotsIn(selfOf(a).slots))[0];
}

/** The shard's owner of slots, or a primary that could become it. */
export function primaryOf(shard: number, live: readonly LiveMember[]): LiveMember | undefined {
  return ownerOfShard(shard, live) ?? live.find((member) => member.shard === shard && isPrimary(member));
}

/** Nodes that own slots in somebody's eyes and are no live member. */
export function absentOwners(live: readonly LiveMember[]): KnownNode[] {
  const ids = new Set(live.map(({ view }) => view.id));
  const owners = new Map<string, KnownNode>();
  for (const node of live.flatMap(({ view }) => view.known)) {
    if (ids.has(node.id) || node.slots.length === 0) continue;
    // One member that has seen it fail is enough.
    if (!owners.has(node.id) || isFailed(node)) owners.set(node.id, node);
  }
  return [...owners.values()];
}

export function isFailed(node: Pick<KnownNode, 'flags' | 'connected'>): boolean {
  return node.flags.has('fail') || node.flags.has('noaddr') || (node.flags.has('fail?') && !node.connected);
}

export function replicasOf(primaryId: string, live: readonly LiveMember[]): LiveMember[] {
  return live.filter((member) => selfOf(member).primaryId === primaryId);
}

/** The one that has taken in most first. */
export function byAdvance(left: LiveMember, right: LiveMember): number {
  return right.view.replication.offset - left.view.replication.offset;
}

/**
 * The members that count: all that answer but those of a shard that is to go and holds nothing any more, neither
 * slots nor half of one, nor follows a node that does.
 */
export function participants(topology: Topology): LiveMember[] {
  const live = liveMembers(topology);
  const owners = new Set(
    live
      .filter((member) => member.shard < topology.shards || holdsSomething(member))
      .flatMap(({ view }) => view.known.filter(({ slots }) => slots.length > 0).map(({ id }) => id)),
  );
  return live.filter((member) => {
    const self = selfOf(member);
    const primary = live.find(({ view }) => view.id === self.primaryId);
    const followsOwner = owners.has(self.primaryId ?? '') && (primary === undefined || primary.shard === member.shard);
    return member.shard < topology.shards || owners.has(self.id) || self.open.length > 0 || followsOwner;
  });
}

/**
 * Whether what it believes of others is to be heard. One that neither has slots nor follows somebody may have come back with
 * what it knew long ago, and, since nobody introduces it to those that stay, would believe it for good.
 */
function holdsSomething(member: LiveMember): boolean {
  const { slots, open } = selfOf(member);
  return !isPrimary(member) || slots.length > 0 || open.length > 0;
}
