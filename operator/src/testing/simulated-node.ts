import type { SlotRange } from '../redis/slots.ts';
import type { KnownNode, Member, OpenSlot } from '../redis/topology.ts';

/** What a node believes of another, or of itself. */
export interface Entry {
  ip: string;
  pod: string;
  primaryId: string | undefined;
  epoch: number;
  slots: SlotRange[];
  flag: 'ok' | 'fail?' | 'fail';
  /** The round of gossip in which it last answered. */
  heardInRound: number;
}

/** A node of a simulated Redis Cluster. */
export interface Node {
  pod: string;
  shard: number;
  ordinal: number;
  id: string;
  ip: string;
  up: boolean;
  /** What it believes about every node, itself included. */
  table: Map<string, Entry>;
  /** The highest that it has heard of, also from nodes that it has forgotten. */
  currentEpoch: number;
  /** Forgotten ids, and the round from which on gossip may bring them back. */
  banned: Map<string, number>;
  open: OpenSlot[];
  /** One key for each of the slots in KEYS, by its slot. */
  keys: Set<number>;
  /** The round in which it last had all that its primary has; undefined before it first did since it started. */
  syncedInRound: number | undefined;
}

/** What a round of gossip stands for. */
export const ROUND_MS = 5000;
/** Before the first round, so that round 0 is not "never". */
const START_MS = 1_000_000;

export function msOfRound(round: number): number {
  return START_MS + round * ROUND_MS;
}

export function selfOf(node: Node): Entry {
  const self = node.table.get(node.id);
  if (self === undefined) throw new Error('a node knows itself');
  return self;
}

export function highestEpoch(node: Node): number {
  return Math.max(node.currentEpoch, ...[...node.table.values()].map(({ epoch }) => epoch));
}

/** What a person, or the operator, is told of it. */
export function memberOf(node: Node): Member {
  const member = { pod: node.pod, shard: node.shard, ip: node.ip, node: `host-${(node.shard + node.ordinal) % 3}` };
  if (!node.up) return { ...member, view: undefined };
  const syncedUntilMs = node.syncedInRound === undefined ? 0 : msOfRound(node.syncedInRound);
  const known = [...node.table].map(([id, entry]) => knownOf(node, id, entry));
  return { ...member, view: { id: node.id, known, replication: { offset: 0, syncedUntilMs } } };
}

function knownOf(node: Node, id: string, { ip, pod, primaryId, epoch, slots, flag, heardInRound }: Entry): KnownNode {
  const flags = new Set([primaryId === undefined ? 'master' : 'slave']);
  if (id === node.id) flags.add('myself');
  if (flag !== 'ok') flags.add(flag);
  const open = id === node.id ? [...node.open] : [];
  const connected = flag === 'ok';
  const told = { id, pod, ip, port: 6379, flags, primaryId, configEpoch: epoch, connected, slots: [...slots], open };
  return { ...told, heardAtMs: msOfRound(heardInRound) };
}

export function oneSlot(slot: number): SlotRange {
  return { first: slot, last: slot };
}
