import type { Action } from '../redis/action.ts';
import { SLOT_COUNT, type SlotRange, without } from '../redis/slots.ts';
import type { Topology } from '../redis/topology.ts';
import {
  elect,
  exchange,
  failover,
  forget,
  meet,
  type Network,
  promote,
  reach,
  replicate,
  suspect,
} from './simulated-gossip.ts';
import { type Entry, highestEpoch, memberOf, msOfRound, type Node, oneSlot, selfOf } from './simulated-node.ts';
import { addSlots, assign, moveStep } from './simulated-slots.ts';

/** Where a move of slots breaks off: before the slot with the key after so many, after step 0..4 of its move. */
export interface Break {
  keys: number;
  step: number;
}

/** Slots that hold a key. */
export const KEYS: readonly number[] = Array.from({ length: 64 }, (_, index) => index * 256 + 7);

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
  /** Whether pods that are stopped are expected back. */
  awaits = true;
  /** Pods that run and that the operator does not reach; they are given up. */
  hidden: ReadonlySet<string> = new Set();
  /** Pods that nothing reaches of what their primary gets. */
  cutOff: ReadonlySet<string> = new Set();
  /** Volumes of pods that were taken away, by pod. */
  readonly #volumes = new Map<string, Node>();
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
    this.#keep(({ ordinal }) => ordinal < membersPerShard);
    const existing = this.#nodes.length === 0 ? 0 : this.existingShards;
    for (let shard = 0; shard < Math.max(shards, existing); shard++) {
      for (let ordinal = 0; ordinal < membersPerShard; ordinal++) {
        const pod = `x-redis-${shard}-${ordinal}`;
        if (this.pods.includes(pod)) continue;
        const kept = this.#volumes.get(pod);
        if (kept !== undefined) {
          this.#nodes.push({ ...kept, up: false });
          this.start(pod);
          continue;
        }
        const node = { pod, shard, ordinal, id: '', ip: '', up: true, table: new Map(), banned: new Map() };
        this.#nodes.push({ ...node, open: [], keys: new Set(), syncedInRound: undefined, currentEpoch: 0 });
        this.#bear(this.#node(pod));
      }
    }
    this.#nodes.sort((a, b) => a.shard - b.shard || a.ordinal - b.ordinal);
  }

  /** Keeps the shards below this number. */
  removeShards(inUse: number): void {
    this.#keep(({ shard }) => shard < inUse);
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
    node.syncedInRound = undefined;
    selfOf(node).ip = node.ip;
  }

  topology(): Topology {
    const { shards, existingShards, membersPerShard, persistent } = this;
    const isHidden = ({ pod }: Node) => this.hidden.has(pod);
    const members = this.#nodes.map((node) => memberOf(isHidden(node) ? { ...node, up: false } : node));
    const away = this.#nodes.filter(({ up }) => !up).map(({ pod }) => pod);
    const givenUp = new Set([...this.hidden, ...(this.awaits ? [] : away)]);
    return { shards, existingShards, membersPerShard, persistent, members, givenUp, atMs: msOfRound(this.#round) };
  }

  /** Carries out what Redis would accept; refusals are ignored, as the operator ignores them. */
  perform(action: Action): void {
    const node = this.#node(action.on);
    if (!node.up) return;
    const self = selfOf(node);
    if (action.do === 'setConfigEpoch' && node.table.size === 1 && self.epoch === 0) self.epoch = action.epoch;
    if (action.do === 'bumpEpoch') self.epoch = highestEpoch(node) + 1;
    if (action.do === 'meet') meet(this.#network(), node, action.ip);
    if (action.do === 'takeover' && self.primaryId !== undefined) promote(node);
    if (action.do === 'reset') this.#bear(node);
    if (action.do === 'failover') failover(this.#network(), node);
    if (action.do === 'addSlots') addSlots(node, action.ranges);
    if (action.do === 'forget') forget(this.#network(), node, action.id);
    if (action.do === 'replicate') replicate(node, action.primaryId);
    if (action.do === 'moveSlots') this.#moveSlots(node, this.#node(action.to), action.ranges);
    if (action.do === 'claimSlot') assign(node, node, [{ first: action.slot, last: action.slot }]);
    if (action.do === 'closeSlot') node.open = node.open.filter(({ slot }) => slot !== action.slot);
  }

  /** One round of gossip, failure detection, elections and replication. */
  gossip(): void {
    this.#round++;
    for (const node of this.#live()) {
      for (const id of [...node.table.keys()]) {
        const peer = reach(this.#network(), node, id);
        if (peer !== undefined) exchange(this.#network(), node, peer);
        else if (id !== node.id) suspect(this.#network(), node, id);
      }
    }
    for (const node of this.#live()) elect(this.#network(), node);
    for (const node of this.#live()) {
      const primary = reach(this.#network(), node, selfOf(node).primaryId ?? '');
      if (primary === undefined || this.cutOff.has(node.pod)) continue;
      node.keys = new Set(primary.keys);
      node.syncedInRound = this.#round;
    }
  }

  /** Takes the other pods away; their volumes stay where there are any. */
  #keep(stays: (node: Node) => boolean): void {
    for (const node of this.#nodes) {
      if (stays(node)) this.#volumes.delete(node.pod);
      else if (this.persistent) this.#volumes.set(node.pod, node);
    }
    this.#nodes = this.#nodes.filter(stays);
  }

  #bear(node: Node): void {
    node.id = `node-${++this.#serial}`;
    node.ip = `ip-${this.#serial}`;
    const entry: Entry = {
      ip: node.ip,
      pod: node.pod,
      primaryId: undefined,
      epoch: 0,
      slots: [],
      flag: 'ok',
      heardInRound: this.#round,
    };
    node.table = new Map([[node.id, entry]]);
    node.banned = new Map();
    node.currentEpoch = 0;
    node.open = [];
    node.keys = new Set();
    node.syncedInRound = undefined;
  }

  #moveSlots(source: Node, target: Node, ranges: readonly SlotRange[]): void {
    const { keys, step } = this.breaks();
    const last = KEYS.filter((slot) => without([oneSlot(slot)], ranges).length === 0)[keys];
    const whole = last === undefined ? ranges : without(ranges, [{ first: last, last: SLOT_COUNT - 1 }]);
    for (const range of whole) if (!moveStep(source, target, range, 5)) return;
    if (last !== undefined && step > 0) moveStep(source, target, oneSlot(last), step);
  }

  #ownerOf(slot: number): Node | undefined {
    return this.#live().find((node) => {
      const { primaryId, slots } = selfOf(node);
      return primaryId === undefined && without([oneSlot(slot)], slots).length === 0;
    });
  }

  #network(): Network {
    return { live: this.#live(), round: this.#round };
  }

  #live(): Node[] {
    return this.#nodes.filter(({ up }) => up);
  }

  #node(pod: string): Node {
    const node = this.#nodes.find((candidate) => candidate.pod === pod);
    if (node === undefined) throw new Error(`no pod ${pod}`);
    return node;
  }
}
