import type { Action } from './action.ts';
import {
  absentOwners,
  byAdvance,
  everyoneAnswers,
  isFailed,
  mayReturn,
  ownsSlots,
  primaryOf,
  replicasOf,
} from './roles.ts';
import { includesSlot, joined, type SlotRange } from './slots.ts';
import { isPrimary, type LiveMember, type OpenSlot, sees, selfOf, shardOfPod, type Topology } from './topology.ts';

export interface Settlement {
  actions: Action[];
  /** Nodes at the other end of an open slot. Redis closes a slot whose other end is forgotten, wherever its keys are. */
  peers: ReadonlySet<string>;
}

/**
 * What closes slots whose move was interrupted: it is brought to its end, never undone, because the keys that have
 * arrived may be younger than what their origin would have.
 */
export function settleOpenSlots(topology: Topology, live: readonly LiveMember[]): Settlement {
  const moves = new Map<string, { on: string; to: string; slots: SlotRange[] }>();
  const others: Action[] = [];
  const peers = new Set<string>();
  for (const member of live.filter(isPrimary)) {
    for (const open of selfOf(member).open) {
      peers.add(open.peer);
      const action = settlementOf(topology, live, member, open);
      if (action?.do !== 'moveSlots') {
        if (action !== undefined) others.push(action);
        continue;
      }
      const move = moves.get(`${action.on} ${action.to}`) ?? { on: action.on, to: action.to, slots: [] };
      move.slots.push(...action.ranges);
      moves.set(`${action.on} ${action.to}`, move);
    }
  }
  const moved = [...moves.values()].map(
    ({ on, to, slots }): Action => ({ do: 'moveSlots', on, to, ranges: joined(slots) }),
  );
  return { actions: [...others, ...moved], peers };
}

function settlementOf(
  topology: Topology,
  live: readonly LiveMember[],
  member: LiveMember,
  { slot, direction, peer }: OpenSlot,
): Action | undefined {
  const owner = live.find((each) => ownsSlots(each) && includesSlot(selfOf(each).slots, slot));
  const close: Action = { do: 'closeSlot', on: member.pod, slot };
  const finish = (on: LiveMember, to: LiveMember): Action => ({
    do: 'moveSlots',
    on: on.pod,
    to: to.pod,
    ranges: [{ first: slot, last: slot }],
  });
  if (direction === 'arriving') {
    if (owner === undefined) return claim(topology, live, member, slot);
    return owner === member ? close : finish(owner, member);
  }
  if (owner !== member) return close;
  if (live.some((each) => each !== member && imports(each, slot))) return undefined;
  const shard = shardOfNode(peer, live);
  const target = shard === undefined ? undefined : primaryOf(shard, live);
  if (target !== undefined && target !== member) return finish(member, target);
  // It may hold keys of the slot: its heir has them, but nobody elects the heir of a node that owns no slots.
  const [heir] = replicasOf(peer, live).sort(byAdvance);
  if (heir === undefined) return close;
  const isGone = live.some((each) => isFailed(sees(each, peer) ?? NEVER_MET));
  return isGone && !mayReturn(topology) ? { do: 'takeover', on: heir.pod } : undefined;
}

const NEVER_MET = { flags: new Set<string>(), connected: true };

/** Its owner is gone for good, and what keys there are have arrived here. */
function claim(topology: Topology, live: readonly LiveMember[], member: LiveMember, slot: number): Action | undefined {
  const awaitsHeir = absentOwners(live).some(
    ({ id, slots }) => includesSlot(slots, slot) && replicasOf(id, live).length > 0,
  );
  if (awaitsHeir || !everyoneAnswers(topology)) return undefined;
  return { do: 'claimSlot', on: member.pod, slot, id: member.view.id };
}

function imports(member: LiveMember, slot: number): boolean {
  return isPrimary(member) && selfOf(member).open.some((open) => open.slot === slot && open.direction === 'arriving');
}

/** The shard of a node that may be gone: its pod's name tells, which others remember. */
function shardOfNode(id: string, live: readonly LiveMember[]): number | undefined {
  const member = live.find(({ view }) => view.id === id);
  if (member !== undefined) return member.shard;
  const pod = live.map((each) => sees(each, id)?.pod).find((name) => name !== undefined);
  return pod === undefined ? undefined : shardOfPod(pod);
}
