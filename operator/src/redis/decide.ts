import type { Action } from './action.ts';
import { assignFreeSlots, moveSlots } from './balance.ts';
import { forget } from './forget.ts';
import { settleOpenSlots } from './open-slots.ts';
import {
  absentOwners,
  everyoneAnswers,
  firstOfShards,
  isNobodyAwaited,
  ownerOfShard,
  ownsSlots,
  participants,
  primaryOf,
} from './roles.ts';
import { freeRanges, nominalRange, SLOT_COUNT, slotsIn } from './slots.ts';
import { spreadPrimaries } from './spread.ts';
import { takeOver } from './take-over.ts';
import { isAlone, isPrimary, type LiveMember, sees, selfOf, type Topology } from './topology.ts';

export interface Decision {
  /** Which rule asks for the actions; for logs and status. Undefined when there is nothing to do. */
  rule: string | undefined;
  /** In this order; observe again afterwards. */
  actions: readonly Action[];
}

type Rule = (topology: Topology, live: readonly LiveMember[]) => Action[];

/**
 * In order of precedence: the first rule with something to do decides the pass, and the next pass sees its effect.
 * Meet comes before forget (a forgotten id is banned for 60 s), take-over before forget too (it needs the replica's
 * memory of its primary), forget before slots are given out again (they are busy while a dead node holds them).
 * Slots are moved only in a cluster that is otherwise as it should be.
 */
const RULES: readonly [string, Rule][] = [
  ['create', create],
  ['meet', meet],
  ['refresh', refreshAddresses],
  ['takeover', takeOver],
  ['orphans', freeOrphans],
  ['forget', forget],
  ['addSlots', addFreeSlots],
  ['replicate', replicate],
  ['openSlots', (topology, live) => settleOpenSlots(topology, live).actions],
  ['moveSlots', (topology, live) => (isSettled(topology, live) ? moveSlots(topology, live) : [])],
  ['spread', (topology, live) => (isSettled(topology, live) ? spreadPrimaries(live) : [])],
];

/** Topology in, actions out. Looks at nothing else and remembers nothing. */
export function decide(topology: Topology): Decision {
  const live = participants(topology);
  for (const [rule, actionsOf] of RULES) {
    const actions = actionsOf(topology, live);
    if (actions.length > 0) return { rule, actions };
  }
  return { rule: undefined, actions: [] };
}

/** Everyone who is awaited answers and nobody holds or knows anything: make a cluster out of them. */
function create(topology: Topology, live: readonly LiveMember[]): Action[] {
  if (!areAllFresh(live) || !isNobodyAwaited(topology)) return [];
  const first = firstOfShards(topology, live);
  const [seed] = first;
  if (seed === undefined || first.length < topology.shards) return [];
  // Different epochs from the start: with equal ones two nodes could claim a slot with the same right.
  const epochs = live
    .filter((member) => selfOf(member).configEpoch === 0)
    .map((member, index): Action => ({ do: 'setConfigEpoch', on: member.pod, epoch: index + 1 }));
  const slots = first.map(
    (member): Action => ({ do: 'addSlots', on: member.pod, ranges: [nominalRange(member.shard, topology.shards)] }),
  );
  const meetings = live.filter((member) => member !== seed).map((member): Action => meeting(member, seed));
  return [...epochs, ...slots, ...meetings];
}

/**
 * Whoever the seed does not know at its present address is introduced to it; the others learn it by gossip. After a
 * restart of every pod this is all that is needed: ids are kept, only addresses are refreshed.
 */
function meet(_topology: Topology, live: readonly LiveMember[]): Action[] {
  const seed = chooseSeed(live);
  // A cluster that is only coming up is created in one go, by the rule above, once everyone answers.
  if (seed === undefined || areAllFresh(live)) return [];
  return live
    .filter((member) => member !== seed && !(knowsWhere(seed, member) && knowsWhere(member, seed)))
    .map((member) => ({ do: 'meet', on: seed.pod, ip: member.ip }));
}

/** Members that look for each other at former addresses, which gossip has not corrected. */
function refreshAddresses(_topology: Topology, live: readonly LiveMember[]): Action[] {
  return live.flatMap((member) =>
    live
      .filter((other) => sees(member, other.view.id) !== undefined && !knowsWhere(member, other))
      .map((other): Action => ({ do: 'meet', on: member.pod, ip: other.ip })),
  );
}

/**
 * A shard of nothing but replicas that nobody would ever elect. Their primary is gone and owned no slots; or it is that of
 * another shard, to which the slots of this one went while its pods were away: there is nothing to take over from it, and
 * the first of them begins anew.
 */
function freeOrphans(topology: Topology, live: readonly LiveMember[]): Action[] {
  if (!isNobodyAwaited(topology)) return [];
  const owners = new Set(absentOwners(live).map(({ id }) => id));
  return firstOfShards(topology, live).flatMap((first): Action[] => {
    const { primaryId = '' } = selfOf(first);
    if (primaryOf(first.shard, live) !== undefined || owners.has(primaryId)) return [];
    const primary = live.find(({ view }) => view.id === primaryId);
    if (primary === undefined) return [{ do: 'takeover', on: first.pod }];
    return primary.shard === first.shard ? [] : [{ do: 'reset', on: first.pod }];
  });
}

function addFreeSlots(topology: Topology, live: readonly LiveMember[]): Action[] {
  // Of a cluster that there never was, slots are given out when it is created.
  if (!isNobodyAwaited(topology) || areAllFresh(live)) return [];
  const taken = live.flatMap((member) => member.view.known.flatMap(({ slots }) => slots));
  return assignFreeSlots(topology, live, freeRanges(taken));
}

/** Members without slots follow the member of their shard that has them, or will have. */
function replicate(topology: Topology, live: readonly LiveMember[]): Action[] {
  // A member that waits to be elected must not be sent after an empty newcomer.
  const noHeirIsAwaited = isNobodyAwaited(topology) && absentOwners(live).length === 0;
  return live.flatMap((member): Action[] => {
    const primary = noHeirIsAwaited ? primaryOf(member.shard, live) : ownerOfShard(member.shard, live);
    if (primary === undefined || primary === member) return [];
    const { slots, open, primaryId } = selfOf(member);
    if (slots.length > 0 || open.length > 0 || primaryId === primary.view.id) return [];
    return sees(member, primary.view.id) === undefined
      ? []
      : [{ do: 'replicate', on: member.pod, primaryId: primary.view.id }];
  });
}

/** Everyone is there and knows everyone, sees the same owner of each slot, and no slot is without one or on its way. */
function isSettled(topology: Topology, live: readonly LiveMember[]): boolean {
  const owners = live.filter(ownsSlots);
  return (
    everyoneAnswers(topology) &&
    live.every((member) => selfOf(member).open.length === 0) &&
    live.every((member) => live.every((other) => knowsWhere(member, other))) &&
    live.every((member) => owners.every((owner) => owns(member, owner))) &&
    slotsIn(owners.flatMap((owner) => selfOf(owner).slots)) === SLOT_COUNT
  );
}

/** Whether `member` believes of `owner` what it says of itself. */
function owns(member: LiveMember, owner: LiveMember): boolean {
  return slotsIn(sees(member, owner.view.id)?.slots ?? []) === slotsIn(selfOf(owner).slots);
}

/** Nobody knows anybody or holds anything. */
function areAllFresh(live: readonly LiveMember[]): boolean {
  return live.every((member) => isAlone(member) && isPrimary(member) && selfOf(member).slots.length === 0);
}

/** The member to gather round: it knows the most of the others, then owns the most slots. */
function chooseSeed(live: readonly LiveMember[]): LiveMember | undefined {
  const ids = new Set(live.map(({ view }) => view.id));
  const acquainted = (member: LiveMember) => member.view.known.filter(({ id }) => ids.has(id)).length;
  return [...live].sort(
    (a, b) => acquainted(b) - acquainted(a) || slotsIn(selfOf(b).slots) - slotsIn(selfOf(a).slots),
  )[0];
}

function knowsWhere(member: LiveMember, other: LiveMember): boolean {
  return sees(member, other.view.id)?.ip === other.ip;
}

function meeting(member: LiveMember, seed: LiveMember): Action {
  return { do: 'meet', on: member.pod, ip: seed.ip };
}
