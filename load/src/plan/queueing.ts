/**
 * Queues of the planner. Times are in milliseconds, rates per millisecond; `offered` is the offered load in erlangs,
 * arrival rate times mean service time.
 */

/** What distinguishes one service from another here: its mean and how much it varies. */
export interface Service {
  readonly meanMs: number;
  /** Squared coefficient of variation, (standard deviation / mean)^2: 0 for a hash, 1 for exponential times. */
  readonly variability: number;
}

export interface BoundedQueue {
  readonly servers: number;
  /** Places to wait, beyond those that are served. */
  readonly places: number;
}

/**
 * Erlang B: the share of arrivals that find all servers busy where nobody may wait. By the usual recursion, which
 * stays exact for thousands of servers.
 */
export function erlangB(servers: number, offered: number): number {
  let blocked = 1;
  for (let server = 1; server <= servers; server += 1) blocked = (offered * blocked) / (server + offered * blocked);
  return blocked;
}

/** Erlang C: the share of arrivals of an M/M/c queue without bound that have to wait; 1 where it never empties. */
export function erlangC(servers: number, offered: number): number {
  if (offered >= servers) return 1;
  const blocked = erlangB(servers, offered);
  const utilisation = offered / servers;
  return blocked / (1 - utilisation + utilisation * blocked);
}

/**
 * Mean wait in an M/G/c queue without bound, after Allen and Cunneen: that of M/M/c times (1 + cs^2) / 2.
 * Infinite where the servers cannot keep up.
 */
export function meanWaitMs(servers: number, arrivalsPerMs: number, service: Service): number {
  const offered = arrivalsPerMs * service.meanMs;
  if (offered >= servers) return Number.POSITIVE_INFINITY;
  const exponential = (erlangC(servers, offered) * service.meanMs) / (servers - offered);
  return (exponential * (1 + service.variability)) / 2;
}

export interface BoundedQueueBehaviour {
  /** Share of arrivals that find no place. */
  readonly refusedShare: number;
  /** Mean share of the servers that is busy. */
  readonly utilisation: number;
  /** Share of the accepted that wait at all. */
  readonly waitingShare: number;
  /** The wait that only a share of 1 - `quantile` of the accepted exceeds. */
  waitMsAt(quantile: number): number;
}

/**
 * M/G/c with a bounded queue. Exact for exponential times (M/M/c/K). Others by the diffusion argument behind
 * Allen-Cunneen: what matters of the queue is its length in units of (1 + cs^2) / 2, so n places before fixed times
 * refuse as few as 2n before exponential ones. Held against simulation in queueing.test.ts.
 */
export function boundedQueue(
  { servers, places }: BoundedQueue,
  arrivalsPerMs: number,
  service: Service,
): BoundedQueueBehaviour {
  const offered = arrivalsPerMs * service.meanMs;
  const load = offered / servers;
  const stretch = 2 / (1 + service.variability);
  const allBusy = erlangB(servers, offered);
  // Weights of "all servers busy, j wait" for j = 0..n, relative to the states without a wait; geometric in j.
  const waiting = geometricSum(load, stretch * places);
  const normalisation = 1 - allBusy + allBusy * waiting;
  const refusedShare = (allBusy * load ** (stretch * places)) / normalisation;
  const accepted = 1 - refusedShare;
  const waitingShare = Math.max(0, (allBusy * waiting) / normalisation - refusedShare) / accepted;
  const utilisation = Math.min(1, (offered * accepted) / servers);
  return {
    refusedShare,
    utilisation,
    waitingShare,
    waitMsAt: (quantile) =>
      waitAt(quantile, { load, stretch, places, waitingShare, perPlaceMs: service.meanMs / servers }),
  };
}

interface Wait {
  load: number;
  stretch: number;
  places: number;
  waitingShare: number;
  /** How long each place ahead takes. */
  perPlaceMs: number;
}

/** The queue's length has a tail of load^(stretch x length), cut off at its last place; each place costs a service / c. */
function waitAt(quantile: number, { load, stretch, places, waitingShare, perPlaceMs }: Wait): number {
  const exceeding = (1 - quantile) / waitingShare;
  if (!(exceeding < 1)) return 0;
  const last = load ** (stretch * places);
  const length =
    Math.abs(1 - load) < 1e-9
      ? places * (1 - exceeding)
      : Math.log(last + exceeding * (1 - last)) / (stretch * Math.log(load));
  return Math.min(length, places) * perPlaceMs;
}

/** 1 + r + ... + r^n, for n that need not be whole. */
function geometricSum(ratio: number, terms: number): number {
  if (Math.abs(1 - ratio) < 1e-9) return terms + 1;
  return (1 - ratio ** (terms + 1)) / (1 - ratio);
}

/** The fewest servers at which an arrival waits with at most this probability (Erlang C). */
export function serversForWait(offered: number, waitProbability: number): number {
  let servers = Math.max(1, Math.floor(offered) + 1);
  while (erlangC(servers, offered) > waitProbability) servers += 1;
  return servers;
}
