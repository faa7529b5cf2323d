import type { SlotRange } from './slots.ts';

/** A slot on its way: leaving for, or arriving from, node `peer`. */
export interface OpenSlot {
  slot: number;
  direction: 'leaving' | 'arriving';
  peer: string;
}

/** One line of CLUSTER NODES: what a member believes about a node. */
export interface KnownNode {
  id: string;
  /** The first label of the host name it announces, or undefined before that was heard. */
  pod: string | undefined;
  ip: string;
  port: number;
  flags: ReadonlySet<string>;
  /** Of a replica: the id it follows. */
  primaryId: string | undefined;
  configEpoch: number;
  /** When it was last heard of, by the operator's clock; 0 where it never was. */
  heardAtMs: number;
  connected: boolean;
  slots: readonly SlotRange[];
  /** Only told by the node of itself. */
  open: readonly OpenSlot[];
}

/** How far a member has followed its primary. */
export interface Replication {
  /** Bytes of the replication stream taken in; decides which replica is the most advanced. */
  offset: number;
  /** Of a replica: until when it got all that its primary had. 0 where it never did since it started. */
  syncedUntilMs: number;
}

/** One member's whole view. */
export interface MemberView {
  id: string;
  known: readonly KnownNode[];
  replication: Replication;
}

export interface Member {
  pod: string;
  /** Which StatefulSet it belongs to, from 0. Roles are free to move inside a shard. */
  shard: number;
  ip: string;
  /** The Kubernetes node it runs on. */
  node: string | undefined;
  /** Undefined when the pod did not answer. */
  view: MemberView | undefined;
}

/** A member that answered. */
export interface LiveMember extends Member {
  view: MemberView;
}

/** What is wanted and what every member says: all that `decide` knows. */
export interface Topology {
  /** When it was seen so. */
  atMs: number;
  /** Members of a shard with this number or a higher one are to go, once it is empty. */
  shards: number;
  /** Shards that have a StatefulSet: more than are wanted while some are to go. */
  existingShards: number;
  membersPerShard: number;
  /** Whether nodes come back with their id and data. */
  persistent: boolean;
  members: readonly Member[];
  /** Pods, also such as have no member here, that are not expected to answer soon. */
  givenUp: ReadonlySet<string>;
}

/**
 * Reads CLUSTER NODES. Lines are
 * `id ip:port@bus[,hostname[,key=value]] flags primary ping pong epoch link slots...`. The time of the pong is by a clock
 * that is `clockAheadMs` ahead of the operator's. Throws when no line is flagged `myself`.
 */
export function parseClusterNodes(text: string, replication: Replication, clockAheadMs = 0): MemberView {
  const known = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => parseLine(line, clockAheadMs));
  const self = known.find(({ flags }) => flags.has('myself'));
  if (self === undefined) throw new Error('CLUSTER NODES names no node as myself');
  return { id: self.id, known, replication };
}

/** Reads INFO replication. It tells seconds since the link to the primary was lost, or -1 where there was none yet. */
export function parseReplication(text: string, nowMs: number): Replication {
  const number = (name: string) => {
    const value = new RegExp(`^(?:${name}):(-?\\d+)`, 'm').exec(text)?.[1];
    return value === undefined ? undefined : Number(value);
  };
  const silentSeconds = number('master_link_down_since_seconds') ?? number('master_last_io_seconds_ago') ?? 0;
  return {
    offset: number('slave_repl_offset|master_repl_offset') ?? 0,
    syncedUntilMs: silentSeconds < 0 ? 0 : nowMs - silentSeconds * 1000,
  };
}

/** Reads INFO server: how far the node's clock is ahead of the operator's. */
export function parseClockAhead(text: string, nowMs: number): number {
  const microseconds = /^server_time_usec:(\d+)/m.exec(text)?.[1];
  return microseconds === undefined ? 0 : Number(microseconds) / 1000 - nowMs;
}

function parseLine(line: string, clockAheadMs: number): KnownNode {
  const [id = '', address = '', flags = '', primary = '-', , pong = '0', epoch = '0', link = '', ...slots] = line
    .trim()
    .split(' ');
  const [location = '', hostname = ''] = address.split(',');
  const endpoint = location.split('@')[0] ?? '';
  const colon = endpoint.lastIndexOf(':');
  return {
    id,
    pod: hostname.split('.')[0] || undefined,
    ip: endpoint.slice(0, colon),
    port: Number(endpoint.slice(colon + 1)),
    flags: new Set(flags.split(',')),
    primaryId: primary === '-' ? undefined : primary,
    configEpoch: Number(epoch),
    heardAtMs: pong === '0' ? 0 : Number(pong) - clockAheadMs,
    connected: link === 'connected',
    slots: slots.filter((slot) => !slot.startsWith('[')).map(parseRange),
    open: slots.filter((slot) => slot.startsWith('[')).map(parseOpenSlot),
  };
}

function parseRange(text: string): SlotRange {
  const [first = '', last = first] = text.split('-');
  return { first: Number(first), last: Number(last) };
}

/** `[93->-id]` leaves for id, `[93-<-id]` arrives from id. */
function parseOpenSlot(text: string): OpenSlot {
  const match = /^\[(\d+)-([<>])-(\w+)\]$/.exec(text);
  if (match === null) throw new Error(`not an open slot: "${text}"`);
  return { slot: Number(match[1]), direction: match[2] === '>' ? 'leaving' : 'arriving', peer: match[3] ?? '' };
}

/** Of a pod that its StatefulSet named `x-redis-<shard>-<ordinal>`. */
export function shardOfPod(pod: string): number | undefined {
  const match = /-(\d+)-\d+$/.exec(pod);
  return match === null ? undefined : Number(match[1]);
}

export function liveMembers(topology: Topology): LiveMember[] {
  return topology.members.filter((member): member is LiveMember => member.view !== undefined);
}

/** What a member says about itself. */
export function selfOf(member: LiveMember): KnownNode {
  const self = member.view.known.find(({ id }) => id === member.view.id);
  if (self === undefined) throw new Error(`${member.pod} does not know itself`);
  return self;
}

/** How `member` sees node `id`. */
export function sees(member: LiveMember, id: string): KnownNode | undefined {
  return member.view.known.find((node) => node.id === id);
}

/** Nobody is known to it but itself: a node that was just born, or lost its volume. */
export function isAlone(member: LiveMember): boolean {
  return member.view.known.every(({ id, flags }) => id === member.view.id || flags.has('handshake'));
}

export function isPrimary(member: LiveMember): boolean {
  return selfOf(member).primaryId === undefined;
}
