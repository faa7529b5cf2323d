import { joined, type SlotRange, slotsIn, without } from '../redis/slots.ts';
import { type Entry, highestEpoch, type Node, oneSlot, ROUND_MS, selfOf } from './simulated-node.ts';

/** The nodes that run, and how many rounds of gossip there have been. */
export interface Network {
  live: readonly Node[];
  round: number;
}

const BANNED_FOR_ROUNDS = 60_000 / ROUND_MS;
/** Redis' default of cluster-replica-validity-factor. */
const STANDS_FOR_ROUNDS = 55_000 / ROUND_MS;

export function meet(network: Network, node: Node, ip: string): void {
  const peer = network.live.find((other) => other.ip === ip);
  if (peer === undefined || peer === node) return;
  node.banned.delete(peer.id);
  peer.banned.delete(node.id);
  for (const [from, to] of [[node, peer] as const, [peer, node] as const]) {
    if (!to.table.has(from.id)) to.table.set(from.id, { ...selfOf(from), slots: [], flag: 'ok' });
  }
  exchange(network, node, peer);
}

/** A packet from an unknown node is ignored. */
export function exchange(network: Network, node: Node, peer: Node): void {
  if (node.table.has(peer.id)) learn(network, node, peer);
  if (!peer.table.has(node.id)) return;
  learn(network, peer, node);
  node.currentEpoch = peer.currentEpoch = Math.max(highestEpoch(node), highestEpoch(peer));
  settleCollision(node, peer);
  for (const [from, to] of [[node, peer] as const, [peer, node] as const]) {
    for (const [id, entry] of from.table) {
      const banned = (to.banned.get(id) ?? 0) > network.round;
      if (entry.flag === 'ok' && !to.table.has(id) && !banned) to.table.set(id, { ...entry, slots: [] });
    }
  }
}

function settleCollision(node: Node, peer: Node): void {
  const [a, b] = [selfOf(node), selfOf(peer)];
  if (a.epoch !== b.epoch || a.primaryId !== undefined || b.primaryId !== undefined) return;
  const smaller = node.id < peer.id ? node : peer;
  selfOf(smaller).epoch = highestEpoch(smaller) + 1;
}

/**
 * `node` takes in what `peer` says of itself; of two claims to a slot the higher epoch wins. What it believes of a
 * slot that it imports stays.
 */
function learn({ round }: Network, node: Node, peer: Node): void {
  const claim = selfOf(peer);
  const arriving = node.open.filter(({ direction }) => direction === 'arriving').map(({ slot }) => oneSlot(slot));
  const before = node.table.get(peer.id)?.slots ?? [];
  const stays = without(before, without(before, arriving));
  let won = without(claim.slots, arriving);
  for (const [id, entry] of node.table) {
    if (id !== peer.id && entry.epoch > claim.epoch) won = without(won, entry.slots);
  }
  for (const [id, entry] of node.table) {
    if (id !== peer.id) lose(node, id, entry, won, peer);
  }
  node.table.set(peer.id, { ...claim, slots: joined([...won, ...stays]), flag: 'ok', heardInRound: round });
}

function lose(node: Node, id: string, entry: Entry, won: readonly SlotRange[], peer: Node): void {
  const rest = without(entry.slots, won);
  const lost = slotsIn(entry.slots) - slotsIn(rest);
  if (lost === 0) return;
  entry.slots = rest;
  const self = selfOf(node);
  // A primary that lost all it had to one that has just that follows it, and so do its replicas.
  const concerned = id === node.id || self.primaryId === id;
  if (concerned && rest.length === 0 && lost === slotsIn(selfOf(peer).slots)) {
    self.primaryId = peer.id;
    node.syncedInRound = undefined;
    node.open = [];
  } else if (id === node.id) {
    node.open = node.open.filter(({ slot }) => slotsIn(without([oneSlot(slot)], won)) > 0);
    for (const key of [...node.keys]) if (without([oneSlot(key)], won).length === 0) node.keys.delete(key);
  }
}

export function suspect(network: Network, node: Node, id: string): void {
  const entry = node.table.get(id);
  if (entry === undefined || entry.flag === 'fail') return;
  entry.flag = 'fail?';
  const voters = [...node.table].filter(([, { slots, primaryId }]) => slots.length > 0 && primaryId === undefined);
  const agreeing = voters.filter(([voter]) => {
    const peer = reach(network, node, voter);
    return peer !== undefined && (peer.table.get(id)?.flag ?? 'ok') !== 'ok';
  });
  if (agreeing.length * 2 > voters.length) entry.flag = 'fail';
}

/** A replica that never was in sync since it started, or not for too long, does not stand. */
export function elect(network: Network, node: Node): void {
  if (node.syncedInRound === undefined || network.round - node.syncedInRound > STANDS_FOR_ROUNDS) return;
  const primaryId = selfOf(node).primaryId;
  const primary = primaryId === undefined ? undefined : node.table.get(primaryId);
  if (primary?.flag !== 'fail' || primary.slots.length === 0) return;
  const voters = [...node.table].filter(([, { slots }]) => slots.length > 0);
  const reachable = voters.map(([id]) => reach(network, node, id)).filter((voter) => voter !== undefined);
  if (reachable.length * 2 <= voters.length) return;
  promote(node);
  for (const id of [...node.table.keys()]) {
    const peer = reach(network, node, id);
    if (peer !== undefined) exchange(network, node, peer);
  }
}

export function promote(node: Node): void {
  const self = selfOf(node);
  const former = self.primaryId === undefined ? undefined : node.table.get(self.primaryId);
  self.primaryId = undefined;
  self.epoch = highestEpoch(node) + 1;
  self.slots = former?.slots ?? [];
  if (former !== undefined) former.slots = [];
}

/** The primary waits until its replica has everything, then they change places. */
export function failover(network: Network, node: Node): void {
  const primary = reach(network, node, selfOf(node).primaryId ?? '');
  if (primary === undefined) return;
  node.keys = new Set(primary.keys);
  promote(node);
  exchange(network, node, primary);
}

/** Redis closes a slot whose other end is forgotten. */
export function forget(network: Network, node: Node, id: string): void {
  if (id === node.id || selfOf(node).primaryId === id) return;
  node.currentEpoch = highestEpoch(node);
  node.table.delete(id);
  node.banned.set(id, network.round + BANNED_FOR_ROUNDS);
  node.open = node.open.filter(({ peer }) => peer !== id);
}

export function replicate(node: Node, primaryId: string): void {
  const self = selfOf(node);
  const primary = node.table.get(primaryId);
  const isReplica = self.primaryId !== undefined;
  const acceptable = isReplica || (self.slots.length === 0 && node.keys.size === 0);
  if (primary === undefined || primary.primaryId !== undefined || !acceptable) return;
  if (self.primaryId !== primaryId) node.syncedInRound = undefined;
  self.primaryId = primaryId;
  node.open = [];
}

/** The live node behind an entry, if the entry's address is still its address. */
export function reach(network: Network, node: Node, id: string): Node | undefined {
  return network.live.find((other) => other !== node && other.id === id && node.table.get(id)?.ip === other.ip);
}
