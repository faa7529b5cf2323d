import type { Logger } from 'pino';
import type { PodDialer } from '../kubernetes/dialer.ts';
import { isGivenUp } from '../kubernetes/given-up.ts';
import type { Pod } from '../kubernetes/objects.ts';
import { carryOut } from './act.ts';
import type { Action } from './action.ts';
import type { RedisLogin } from './connection.ts';
import { decide } from './decide.ts';
import { assessHealth, type RedisHealth } from './health.ts';
import { observeMembers, type RedisPod } from './observe.ts';
import { slotsIn } from './slots.ts';
import { shardOfPod, type Topology } from './topology.ts';

export interface WantedRedis {
  shards: number;
  /** Shards that have a StatefulSet: more than are wanted while some are to go. */
  existingShards: number;
  membersPerShard: number;
  persistent: boolean;
}

export interface RedisTierOptions {
  dialer: PodDialer;
  now: () => number;
}

/** How long a whole cluster whose pods have not changed is taken to be whole still. */
const WHOLE_FOR_MS = 20_000;
/** Gossip needs a moment: asking more often shows nothing new. */
const UNSETTLED_FOR_MS = 700;

/** What a call found, and what it did about it. */
export interface RedisState extends RedisHealth {
  /** The actions taken, for a person: "meet x 3". */
  activity?: string;
}

interface Seen {
  signature: string;
  atMs: number;
  state: RedisState;
}

/** Observe, decide, act: one step per call towards a whole Redis Cluster. */
export class RedisTier {
  readonly #options: RedisTierOptions;
  readonly #seen = new Map<string, Seen>();

  constructor(options: RedisTierOptions) {
    this.#options = options;
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }

  /**
   * Returns the health before the actions it takes, or undefined while no member answers. Call again soon while it
   * is not whole.
   */
  async converge(
    key: string,
    wanted: WantedRedis,
    pods: readonly Pod[],
    login: RedisLogin,
    log: Logger,
  ): Promise<RedisState | undefined> {
    const running = pods.flatMap(addressable);
    const signature = JSON.stringify([wanted, pods.map((pod) => [pod.metadata.uid, pod.status?.podIP])]);
    const known = this.#seen.get(key);
    const nowMs = this.#options.now();
    const freshForMs = known?.state.whole === true ? WHOLE_FOR_MS : UNSETTLED_FOR_MS;
    if (known?.signature === signature && nowMs - known.atMs < freshForMs) return known.state;

    const topology = await this.#observe(wanted, pods, running, login, log);
    if (topology.members.every(({ view }) => view === undefined)) return undefined;
    const activity = await this.#act(topology, running, login, log);
    const health = assessHealth(topology);
    // What still has to be done may be no fault, only unfinished: slots that are to move.
    const state = activity === undefined ? health : { ...health, whole: false, activity };
    this.#seen.set(key, { signature, atMs: this.#options.now(), state });
    return state;
  }

  async #observe(
    wanted: WantedRedis,
    pods: readonly Pod[],
    running: readonly RedisPod[],
    login: RedisLogin,
    log: Logger,
  ): Promise<Topology> {
    const { members, problems } = await observeMembers(this.#options.dialer, running, login, this.#options.now);
    if (problems.size > 0) log.debug({ problems: Object.fromEntries(problems) }, 'Redis pods do not answer');
    const nowMs = this.#options.now();
    const givenUp = new Set(pods.filter((pod) => isGivenUp(pod, nowMs)).map(({ metadata }) => metadata.name));
    return { ...wanted, atMs: nowMs, members, givenUp };
  }

  async #act(
    topology: Topology,
    pods: readonly RedisPod[],
    login: RedisLogin,
    log: Logger,
  ): Promise<string | undefined> {
    const { rule, actions } = decide(topology);
    if (rule === undefined) return undefined;
    log.info({ rule, actions }, 'bringing the Redis Cluster together');
    const failures = await carryOut(this.#options, pods, login, actions);
    if (failures.length > 0) log.warn({ rule, failures }, 'Redis refused; deciding anew');
    return describe(rule, actions);
  }
}

/** Pods that can be talked to. */
function addressable(pod: Pod): RedisPod[] {
  const shard = shardOfPod(pod.metadata.name);
  const ip = pod.status?.podIP;
  const leaving = pod.metadata.deletionTimestamp !== undefined;
  if (shard === undefined || ip === undefined || leaving) return [];
  return [{ namespace: pod.metadata.namespace, name: pod.metadata.name, ip, shard, node: pod.spec.nodeName }];
}

/** For a person: "meet (3 commands)", "moveSlots (4096 slots to go)". */
function describe(rule: string, actions: readonly Action[]): string {
  const slots = slotsIn(actions.flatMap((action) => (action.do === 'moveSlots' ? action.ranges : [])));
  if (slots > 0) return `${rule} (${slots} ${slots === 1 ? 'slot' : 'slots'} to go)`;
  return `${rule} (${actions.length} ${actions.length === 1 ? 'command' : 'commands'})`;
}
