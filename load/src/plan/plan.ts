import { apiBehaviour, hashingWorkers, idleBehaviour, queueLengthFor } from './api-tier.ts';
import { announcingCores, type Behaviour, behaviourOf, loginDatabaseMs } from './behaviour.ts';
import type { Calibration } from './calibration.ts';
import { tierWork } from './cost.ts';
import { MOST_ANNOUNCING_SHARE, poolsFor, postgresTier, redisTier } from './data-tiers.ts';
import type { Deployment, Replicas } from './deployment.ts';
import { checkReachable } from './reachable.ts';
import { checkRequest } from './request-rules.ts';
import { type PlanRequest, peakWorkload, scaled, type Workload } from './workload.ts';

/** What the AuthCluster resource allows, so that a plan never asks for more of one cluster. */
const MOST = { apiReplicas: 200, gatewayReplicas: 200, shards: 32, poolerInstances: 18, readReplicas: 15, pool: 1000 };
const MOST_CONNECTIONS = { max: 5000, clients: 15_000 };
const MOST_CLUSTERS = 10_000;
/** A search beyond them ends: no number of AuthClusters has so many. */
const MOST_PODS = MOST.apiReplicas * MOST_CLUSTERS;
/** Above what the peak needs, since autoscalers overshoot and peaks exceed plans. */
const REPLICA_MARGIN = 1.25;
/** One per zone of three would be better still; below two, losing a pod is an outage. */
const FEWEST_REPLICAS = 2;

export interface Plan {
  /** AuthClusters, by region or by tenant; each as `deployment`. */
  readonly clusters: number;
  readonly deployment: Deployment;
  /** Of one cluster. */
  readonly workload: Workload;
  readonly behaviour: Behaviour;
  /** Why one cluster was not enough: the limits that it would exceed. */
  readonly splitBecause: readonly string[];
}

/**
 * The smallest deployment that meets the targets at the peak; several AuthClusters where one cannot.
 * @throws RangeError naming the field that is out of range, or the target that no size can meet
 */
export function plan(request: PlanRequest, calibration: Calibration): Plan {
  checkRequest(request);
  checkReachable(request, calibration);
  const whole = peakWorkload(request.demand);
  let splitBecause: readonly string[] = [];
  for (let clusters = 1; clusters <= MOST_CLUSTERS; clusters += 1) {
    const workload = scaled(whole, 1 / clusters);
    const deployment = deploymentFor(request, workload, calibration);
    const work = tierWork(workload, calibration, request.demand.hashing);
    const announcing = announcingCores(work, deployment.api.replicas.peak, calibration);
    const exceeded = exceededLimits(deployment, request, announcing);
    if (clusters === 1) splitBecause = exceeded;
    if (exceeded.length > 0) continue;
    return { clusters, deployment, workload, behaviour: behaviourOf(deployment, workload, calibration), splitBecause };
  }
  throw new RangeError(
    `peak-logins: even ${MOST_CLUSTERS} AuthClusters would not carry it: ${splitBecause.join('; ')}`,
  );
}

function deploymentFor(request: PlanRequest, workload: Workload, calibration: Calibration): Deployment {
  const { demand, targets, machines } = request;
  const work = tierWork(workload, calibration, demand.hashing);
  const replicas = apiReplicas(request, workload, calibration);
  const pools = (readReplicas: number) => poolsFor(work, calibration, replicas.peak, readReplicas);
  const postgres = postgresTier(workload, work, calibration, {
    utilisation: targets.serverUtilisation,
    api: { replicas, pools },
  });
  const argon2idMib =
    demand.hashing.algorithm === 'argon2id'
      ? hashingWorkers(machines.apiPodCores) * calibration.hashing.argon2idMemoryMib
      : 0;
  return {
    api: {
      replicas,
      podCores: machines.apiPodCores,
      podMemoryMib: Math.ceil((1.5 * (calibration.api.memoryMib + argon2idMib)) / 64) * 64,
      hashing: demand.hashing,
      queueLength: queueLength(request, calibration),
      ...pools(postgres.readReplicas),
    },
    gateway: { replicas: gatewayReplicas(request, work.gatewayMs / 1000), podCores: machines.gatewayPodCores },
    postgres,
    redis: redisTier(workload, work, calibration, {
      utilisation: targets.serverUtilisation,
      apiPods: replicas.peak,
    }),
  };
}

function queueLength({ demand, targets, machines }: PlanRequest, calibration: Calibration): number {
  const pod = { podCores: machines.apiPodCores, hashing: demand.hashing };
  const { hashMs, loginP95Ms } = idleBehaviour(pod, calibration, loginDatabaseMs(calibration));
  return queueLengthFor(machines.apiPodCores, hashMs, targets.loginP95Ms, loginP95Ms - hashMs);
}

function apiReplicas(request: PlanRequest, workload: Workload, calibration: Calibration): Replicas {
  const peak = apiReplicasFor(request, workload, calibration);
  const trough = apiReplicasFor(request, scaled(workload, request.targets.troughShare), calibration);
  return { min: Math.max(FEWEST_REPLICAS, trough), peak, max: Math.max(peak, Math.ceil(peak * REPLICA_MARGIN)) };
}

/** The fewest pods at which CPU, main threads, refusals and latency are all within their targets. */
function apiReplicasFor(request: PlanRequest, workload: Workload, calibration: Calibration): number {
  const { demand, targets, machines } = request;
  const work = tierWork(workload, calibration, demand.hashing);
  const pods = {
    podCores: machines.apiPodCores,
    hashing: demand.hashing,
    queueLength: queueLength(request, calibration),
  };
  const cores = (work.hashingMs + work.apiMs) / 1000;
  const fewest = Math.ceil(cores / (machines.apiPodCores * targets.apiUtilisation));
  return fewestThat(Math.max(FEWEST_REPLICAS, fewest), (replicas) => {
    const behaviour = apiBehaviour({ ...pods, replicas }, work, calibration, loginDatabaseMs(calibration));
    return (
      behaviour.cpuUtilisation <= targets.apiUtilisation &&
      behaviour.mainThreadUtilisation <= targets.serverUtilisation &&
      behaviour.refusedShare <= targets.refusedShare &&
      behaviour.loginP95Ms <= targets.loginP95Ms
    );
  });
}

/** Of numbers from `from` on, the first that fits, where all that are larger fit, too; ends beyond MOST_PODS, fitting or not. */
function fewestThat(from: number, fits: (count: number) => boolean): number {
  let [tooFew, enough] = [from - 1, from];
  while (enough <= MOST_PODS && !fits(enough)) [tooFew, enough] = [enough, 2 * enough];
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (fits(middle)) enough = middle;
    else tooFew = middle;
  }
  return enough;
}

function gatewayReplicas({ targets, machines }: PlanRequest, cores: number): Replicas {
  const usable = machines.gatewayPodCores * targets.gatewayUtilisation;
  const peak = Math.max(FEWEST_REPLICAS, Math.ceil(cores / usable));
  const min = Math.max(FEWEST_REPLICAS, Math.ceil((cores * targets.troughShare) / usable));
  return { min, peak, max: Math.ceil(peak * REPLICA_MARGIN) };
}

function exceededLimits(
  { api, gateway, postgres, redis }: Deployment,
  { machines, targets }: PlanRequest,
  announcing: number,
): string[] {
  const wanted: [string, number, number][] = [
    ['auth API pods', api.replicas.max, MOST.apiReplicas],
    ['gateway pods', gateway.replicas.max, MOST.gatewayReplicas],
    ['cores of the PostgreSQL primary', postgres.cores, machines.largestPostgresCores],
    ['PostgreSQL read replicas', postgres.readReplicas, MOST.readReplicas],
    ['poolers', postgres.poolerInstances, MOST.poolerInstances],
    ['client connections per pooler', postgres.maxClientConnections, MOST_CONNECTIONS.clients],
    ['max_connections', postgres.maxConnections, MOST_CONNECTIONS.max],
    ['write pool of a pod', api.writePool, MOST.pool],
    ['read pool of a pod', api.readPool, MOST.pool],
    ['Redis shards', redis.shards, MOST.shards],
    [
      '% of a Redis thread that tells pods of log-outs',
      Math.ceil(announcing * 100),
      Math.floor(MOST_ANNOUNCING_SHARE * targets.serverUtilisation * 100),
    ],
  ];
  return wanted
    .filter(([, amount, most]) => amount > most)
    .map(([what, amount, most]) => `${what}: ${amount}, at most ${most}`);
}
