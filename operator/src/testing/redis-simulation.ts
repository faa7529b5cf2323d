import type { Action } from '../redis/decide.ts';
import { joined, SLOT_COUNT, type SlotRange, slotsIn, without } from '../redis/slots.ts';
import type { KnownNode, Member, OpenSlot, Topology } from '../redis/topology.ts';

interface Entry {
  ip: string;
  pod: string;
  primaryId: string | undefined;
  epoch: number;
  slots: SlotRange[];
  flag: 'ok' | 'fail?' | 'fail';
}

interface Node {
  pod: string;
  shard: number;
  ordinal: number;
  id: string;
  ip: string;
  up: boolean;
  /** What it believes about every node, itself included. */
  table: Map<string, Entry>;
  /** Forgotten ids, and the round from which on gossip may bring them back. */
  banned: Map<string, number>;
  open: OpenSlot[];
  /** One key for each of the slots in KEYS, by its slot. */
  keys: Set<number>;
}

/** Where a move of slots breaks off: before the slot with the key after so many, after step 0..4 of its move. */
export interface Break {
  keys: number;
  step: number;
}

/** Slots that hold a key. */
export const KEYS: readonly number[] = Array.from({ length: 64 }, (_, index) => index * 256 + 7);
const BANNED_FOR_ROUNDS = 12;

/**
 * A Redis Cluster as far as `decide` is concerned: who knows whom, at which address, who owns which slots and keys,
 * gossip, failure detection, elections by majority, moves of slots that break off. Refuses what Redis refuses.
 */
export class RedisSimulation {
  shards: number;
  membersPerShard: number;
  readonly persistent: boolean;
  /** Where moves break off; at no place by default. */
  breaks: () => Break = () => ({ keys: Number.POSITIVE_INFINITY, step: 0 });
  #nodes: Node[] = [];
  #serial = 0;
  #round = 0;

  constructor(shards: number, membersPerShard: number, persistent: boolean) {
    this.shards = shards;
    this.membersPerShard = membersPerShard;
    this.persistent = persistent;
    this.scale(shards, membersPerShard);
  }

  get pods(): string[] {
    return this.#nodes.map(({ pod }) => pod);
  }

  get existingShards(): number {
    return Math.max(...this.#nodes.map(({ shard }) => shard)) + 1;
  }

  /** Wants as many. Members too many of a shard go at once, whole shards by `removeShards`. */
  scale(shards: number, membersPerShard: number): void {
    this.shards = shards;
    this.membersPerShard = membersPerShard;
    this.#nodes = this.#nodes.filter(({ ordinal }) => ordinal < membersPerShard);
    const existing = this.#nodes.length === 0 ? 0 : this.existingShards;
    for (let shard = 0; shard < Math.max(shards, existing); shard++) {
      for (let ordinal = 0; ordinal < membersPerShard; ordinal++) {
        const pod = `x-redis-${shard}-${ordinal}`;
        if (this.pods.includes(pod)) continue;
        const node = { pod, shard, ordinal, id: '', ip: '', up: true, table: new Map(), banned: new Map() };
        this.#nodes.push({ ...node, open: [], keys: new Set() });
        this.#bear(this.#node(pod));
      }
    }
    this.#nodes.sort((a, b) => a.shard - b.shard || a.ordinal - b.ordinal);
  }

  /** Keeps the shards below this number. */
  removeShards(inUse: number): void {
    this.#nodes = this.#nodes.filter(({ shard }) => shard < inUse);
  }

  /** Every key is written to the owner of its slot, and copied to its replicas. */
  writeKeys(): void {
    for (const slot of KEYS) this.#ownerOf(slot)?.keys.add(slot);
    this.gossip();
  }

  /** Keys that the owner of their slot does not have. */
  lostKeys(): number[] {
    return KEYS.filter((slot) => this.#ownerOf(slot)?.keys.has(slot) !== true);
  }

  stop(pod: string): void {
    const node = this.#nodes.find((candidate) => candidate.pod === pod);
    if (node !== undefined) node.up = false;
  }

  /** The pod comes back: at a new address, and as the same node only if its volume was kept. */
  start(pod: string): void {
    const node = this.#nodes.find((candidate) => candidate.pod === pod);
    if (node === undefined || node.up) return;
    node.up = true;
    if (!this.persistent) {
      this.#bear(node);
      return;
    }
    node.ip = `ip-${++this.#serial}`;
    this.#self(node).ip = node.ip;
  }

  topology(): Topology {
    const { shards, existingShards, membersPerShard, persistent } = this;
    const members = this.#nodes.map((node) => this.#member(node));
    return { shards, existingShards, membersPerShard, persistent, members };
  }

  /** Carries out what Redis would accept; refusals are ignored, as the operator ignores them. */
  perform(action: Action): void {
    const node = this.#node(action.on);
    if (!node.up) return;
    const self = this.#self(node);
    if (action.do === 'setConfigEpoch' && node.table.size === 1 && self.epoch === 0) self.epoch = action.epoch;
    if (action.do === 'bumpEpoch') self.epoch = this.#highestEpoch(node) + 1;
    if (action.do === 'meet') this.#meet(node, action.ip);
    if (action.do === 'takeover' && self.primaryId !== undefined) this.#promote(node);
    if (action.do === 'failover') this.#failover(node);
    if (action.do === 'addSlots') this.#addSlots(node, action.ranges);
    if (action.do === 'forget') this.#forget(node, action.id);
    if (action.do === 'replicate') this.#replicate(node, action.primaryId);
    if (action.do === 'moveSlots') this.#moveSlots(node, this.#node(action.to), action.ranges);
    if (action.do === 'claimSlot') this.#assign(node, node, [{ first: action.slot, last: action.slot }]);
    if (action.do === 'closeSlot') node.open = node.open.filter(({ slot }) => slot !== action.slot);
  }

  /** One round of gossip, failure detection, elections and replication. */
  gossip(): void {
    this.#round++;
    for (const node of this.#live()) {
      for (const id of [...node.table.keys()]) {
        const peer = this.#reach(node, id);
        if (peer !== undefined) this.#exchange(node, peer);
        else if (id !== node.id) this.#suspect(node, id);
      }
    }
    for (const node of this.#live()) this.#elect(node);
    for (const node of this.#live()) {
      const primary = this.#reach(node, this.#self(node).primaryId ?? '');
      if (primary !== undefined) node.keys = new Set(primary.keys);
    }
  }

  #bear(node: Node): void {
    node.id = `node-${++this.#serial}`;
    node.ip = `ip-${this.#serial}`;
    const entry: Entry = { ip: node.ip, pod: node.pod, primaryId: undefined, epoch: 0, slots: [], flag: 'ok' };
    node.table = new Map([[node.id, entry]]);
    node.banned = new Map();
    node.open = [];
    node.keys = new Set();
  }

  #meet(node: Node, ip: string): void {
    const peer = this.#live().find((other) => other.ip === ip);
    if (peer === undefined || peer === node) return;
    node.banned.delete(peer.id);
    peer.banned.delete(node.id);
    for (const [from, to] of [[node, peer] as const, [peer, node] as const]) {
      if (!to.table.has(from.id)) to.table.set(from.id, { ...this.#self(from), slots: [], flag: 'ok' });
    }
    this.#exchange(node, peer);
  }

  /** A packet from an unknown node is ignored. */
  #exchange(node: Node, peer: Node): void {
    if (node.table.has(peer.id)) this.#learn(node, peer);
    if (!peer.table.has(node.id)) return;
    this.#learn(peer, node);
    this.#settleCollision(node, peer);
    for (const [from, to] of [[node, peer] as const, [peer, node] as const]) {
      for (const [id, entry] of from.table) {
        const banned = (to.banned.get(id) ?? 0) > this.#round;
        if (entry.flag === 'ok' && !to.table.has(id) && !banned) to.table.set(id, { ...entry, slots: [] });
      }
    }
  }

  #settleCollision(node: Node, peer: Node): void {
    const [a, b] = [this.#self(node), this.#self(peer)];
    if (a.epoch !== b.epoch || a.primaryId !== undefined || b.primaryId !== undefined) return;
    const smaller = node.id < peer.id ? node : peer;
    this.#self(smaller).epoch = this.#highestEpoch(smaller) + 1;
  }

  /**
   * `node` takes in what `peer` says of itself; of two claims to a slot the higher epoch wins. What it believes of a
   * slot that it imports stays.
   */
  #learn(node: Node, peer: Node): void {
    const claim = this.#self(peer);
    const arriving = node.open.filter(({ direction }) => direction === 'arriving').map(({ slot }) => oneSlot(slot));
    const before = node.table.get(peer.id)?.slots ?? [];
    const stays = without(before, without(before, arriving));
    let won = without(claim.slots, arriving);
    for (const [id, entry] of node.table) {
      if (id !== peer.id && entry.epoch > claim.epoch) won = without(won, entry.slots);
    }
    for (const [id, entry] of node.table) {
      if (id !== peer.id) this.#lose(node, id, entry, won, peer);
    }
    node.table.set(peer.id, { ...claim, slots: joined([...won, ...stays]), flag: 'ok' });
  }

  #lose(node: Node, id: string, entry: Entry, won: readonly SlotRange[], peer: Node): void {
    const rest = without(entry.slots, won);
    const lost = slotsIn(entry.slots) - slotsIn(rest);
    if (lost === 0) return;
    entry.slots = rest;
    const self = this.#self(node);
    // A primary that lost all it had to one that has just that follows it, and so do its replicas.
    const concerned = id === node.id || self.primaryId === id;
    if (concerned && rest.length === 0 && lost === slotsIn(this.#self(peer).slots)) {
      self.primaryId = peer.id;
      node.open = [];
    } else if (id === node.id) {
      node.open = node.open.filter(({ slot }) => slotsIn(without([oneSlot(slot)], won)) > 0);
      for (const key of [...node.keys]) if (without([oneSlot(key)], won).length === 0) node.keys.delete(key);
    }
  }

  #suspect(node: Node, id: string): void {
    const entry = node.table.get(id);
    if (entry === undefined || entry.flag === 'fail') return;
    entry.flag = 'fail?';
    const voters = [...node.table].filter(([, { slots, primaryId }]) => slots.length > 0 && primaryId === undefined);
    const agreeing = voters.filter(([voter]) => {
      const peer = this.#reach(node, voter);
      return peer !== undefined && (peer.table.get(id)?.flag ?? 'ok') !== 'ok';
    });
    if (agreeing.length * 2 > voters.length) entry.flag = 'fail';
  }

  #elect(node: Node): void {
    const primaryId = this.#self(node).primaryId;
    const primary = primaryId === undefined ? undefined : node.table.get(primaryId);
    if (primary?.flag !== 'fail' || primary.slots.length === 0) return;
    const voters = [...node.table].filter(([, { slots }]) => slots.length > 0);
    const reachable = voters.map(([id]) => this.#reach(node, id)).filter((voter) => voter !== undefined);
    if (reachable.length * 2 <= voters.length) return;
    this.#promote(node);
    for (const id of [...node.table.keys()]) {
      const peer = this.#reach(node, id);
      if (peer !== undefined) this.#exchange(node, peer);
    }
  }

  #promote(node: Node): void {
    const self = this.#self(node);
    const former = self.primaryId === undefined ? undefined : node.table.get(self.primaryId);
    self.primaryId = undefined;
    self.epoch = this.#highestEpoch(node) + 1;
    self.slots = former?.slots ?? [];
    if (former !== undefined) former.slots = [];
  }

  /** The primary waits until its replica has everything, then they change places. */
  #failover(node: Node): void {
    const primary = this.#reach(node, this.#self(node).primaryId ?? '');
    if (primary === undefined) return;
    node.keys = new Set(primary.keys);
    this.#promote(node);
    this.#exchange(node, primary);
  }

  /** Redis closes a slot whose other end is forgotten. */
  #forget(node: Node, id: string): void {
    if (id === node.id || this.#self(node).primaryId === id) return;
    node.table.delete(id);
    node.banned.set(id, this.#round + BANNED_FOR_ROUNDS);
    node.open = node.open.filter(({ peer }) => peer !== id);
  }

  #replicate(node: Node, primaryId: string): void {
    const self = this.#self(node);
    const primary = node.table.get(primaryId);
    const isReplica = self.primaryId !== undefined;
    const acceptable = isReplica || (self.slots.length === 0 && node.keys.size === 0);
    if (primary === undefined || primary.primaryId !== undefined || !acceptable) return;
    self.primaryId = primaryId;
    node.open = [];
  }

  #addSlots(node: Node, ranges: readonly SlotRange[]): void {
    const busy = [...node.table.values()].flatMap(({ slots }) => slots);
    if (slotsIn(without(ranges, busy)) < slotsIn(ranges)) return;
    const self = this.#self(node);
    self.slots = joined([...self.slots, ...ranges]);
  }

  #moveSlots(source: Node, target: Node, ranges: readonly SlotRange[]): void {
    const { keys, step } = this.breaks();
    const last = KEYS.filter((slot) => without([oneSlot(slot)], ranges).length === 0)[keys];
    const whole = last === undefined ? ranges : without(ranges, [{ first: last, last: SLOT_COUNT - 1 }]);
    for (const range of whole) if (!this.#step(source, target, range, 5)) return;
    if (last !== undefined && step > 0) this.#step(source, target, oneSlot(last), step);
  }

  /** IMPORTING, MIGRATING, keys, NODE on the target, NODE on the source: the first `steps` of them. */
  #step(source: Node, target: Node, range: SlotRange, steps: number): boolean {
    const owned = slotsIn(without([range], this.#self(source).slots)) === 0;
    const foreign = slotsIn(without([range], this.#self(target).slots)) === slotsIn([range]);
    const acquainted = source.table.has(target.id) && target.table.has(source.id);
    if (!target.up || !foreign || !acquainted || this.#self(target).primaryId !== undefined) return false;
    if (steps < 5) this.#setOpen(target, range.first, 'arriving', source.id);
    if (!owned) return false;
    if (steps >= 2 && steps < 5) this.#setOpen(source, range.first, 'leaving', target.id);
    for (const key of steps < 3 ? [] : [...source.keys]) {
      if (without([oneSlot(key)], [range]).length > 0) continue;
      source.keys.delete(key);
      target.keys.add(key);
    }
    if (steps >= 4) this.#assign(target, target, [range]);
    if (steps >= 5) this.#assign(source, target, [range]);
    return true;
  }

  #setOpen(node: Node, slot: number, direction: OpenSlot['direction'], peer: string): void {
    node.open = [...node.open.filter((open) => open.slot !== slot), { slot, direction, peer }];
  }

  /** SETSLOT NODE: in the eyes of `node`, `owner` has them now. An importing node makes its claim the strongest. */
  #assign(node: Node, owner: Node, ranges: readonly SlotRange[]): void {
    for (const entry of node.table.values()) entry.slots = without(entry.slots, ranges);
    const entry = node.table.get(owner.id);
    if (entry !== undefined) entry.slots = joined([...entry.slots, ...ranges]);
    node.open = node.open.filter(({ slot }) => without([oneSlot(slot)], ranges).length > 0);
    if (node === owner) this.#self(node).epoch = this.#highestEpoch(node) + 1;
  }

  #member(node: Node): Member {
    const member = { pod: node.pod, shard: node.shard, ip: node.ip, node: `host-${(node.shard + node.ordinal) % 3}` };
    if (!node.up) return { ...member, view: undefined };
    const known = [...node.table].map(([id, entry]) => this.#known(node, id, entry));
    return { ...member, view: { id: node.id, known, replicationOffset: 0 } };
  }

  #known(node: Node, id: string, { ip, pod, primaryId, epoch, slots, flag }: Entry): KnownNode {
    const flags = new Set([primaryId === undefined ? 'master' : 'slave']);
    if (id === node.id) flags.add('myself');
    if (flag !== 'ok') flags.add(flag);
    const open = id === node.id ? [...node.open] : [];
    const connected = flag === 'ok';
    return { id, pod, ip, port: 6379, flags, primaryId, configEpoch: epoch, connected, slots: [...slots], open };
  }

  /** The live node behind an entry, if the entry's address is still its address. */
  #reach(node: Node, id: string): Node | undefined {
    return this.#live().find((other) => other !== node && other.id === id && node.table.get(id)?.ip === other.ip);
  }

  #ownerOf(slot: number): Node | undefined {
    return this.#live().find((node) => {
      const { primaryId, slots } = this.#self(node);
      return primaryId === undefined && without([oneSlot(slot)], slots).length === 0;
    });
  }

  #highestEpoch(node: Node): number {
    return Math.max(...[...node.table.values()].map(({ epoch }) => epoch));
  }

  #live(): Node[] {
    return this.#nodes.filter(({ up }) => up);
  }

  #self(node: Node): Entry {
    const self = node.table.get(node.id);
    if (self === undefined) throw new Error('a node knows itself');
    return self;
  }

  #node(pod: string): Node {
    const node = this.#nodes.find((candidate) => candidate.pod === pod);
    if (node === undefined) throw new Error(`no pod ${pod}`);
    return node;
  }
}

function oneSlot(slot: number): SlotRange {
  return { first: slot, last: slot };
}
