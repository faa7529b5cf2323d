import type { AuthCluster } from '../api/authcluster.ts';
import { type Deployment, hasCondition, type StatefulSet } from '../kubernetes/objects.ts';
import type { Move } from '../postgres/moves.ts';
import type { PathsSeen } from '../postgres/pooler-paths.ts';
import { opposite, type RolloutPhase, type RolloutPlan } from '../rollout/decide.ts';
import { apiRollout } from '../rollout/plan.ts';
import { type MigrationInputs, migrationsJob } from '../specs/migrations/migrations.ts';
import { type Component, names } from '../specs/names.ts';
import { replicaServers } from '../specs/postgres/servers.ts';
import type { ExternalFinding, Observed, Tier } from './observed.ts';
import type { Reason } from './reasons.ts';
import { refusal, replicaFailure } from './refusals.ts';

/** One tier, as a pass saw it. */
export interface TierState {
  /** Whether it does its work, for the tiers that need it. */
  serving: boolean;
  /** Whether it is all that was declared: as many, of that version, with that configuration. */
  complete: boolean;
  /** Why, in one CamelCase word. */
  reason: string;
  /** Why, and what to do about it where a person has to. */
  message: string;
  /** What does not pass by itself, or does so only with help. */
  trouble?: { reason: string; message: string };
}

export type TierStates = Readonly<Record<Tier, TierState>>;

const SLOTS = 16_384;

/** `inputs` are absent while it is not known which images to run. */
export function assessTiers(cluster: AuthCluster, observed: Observed, inputs: MigrationInputs | undefined): TierStates {
  if (cluster.spec.hibernated) return hibernating(observed);
  const migrated = migrations(cluster, observed, inputs);
  const assessed = {
    database:
      cluster.spec.postgres.mode === 'External'
        ? external(observed.externalDatabase, 'the external database')
        : database(cluster, observed),
    pooler: poolers(cluster, observed),
    cache:
      cluster.spec.redis.mode === 'External'
        ? external(observed.externalCache, 'the external Redis')
        : cache(cluster, observed),
    migrations: migrated,
    api: api(cluster, observed, inputs && apiRollout(cluster, observed, inputs, migrated.serving)),
    gateway: gateway(cluster, observed),
  };
  const withTrouble = Object.entries(assessed).map(([tier, state]) => [tier, troubled(tier as Tier, state, observed)]);
  return Object.fromEntries(withTrouble) as Record<Tier, TierState>;
}

const COMPONENTS: Readonly<Record<Tier, readonly Component[]>> = {
  database: ['postgres'],
  pooler: ['pooler-rw', 'pooler-ro'],
  cache: ['redis'],
  migrations: ['migrations'],
  api: ['auth-api', 'warming'],
  gateway: ['gateway'],
};

/** Asleep is as declared. */
function hibernating(observed: Observed): TierStates {
  const states = Object.entries(COMPONENTS).map(([tier, components]): [string, TierState] => {
    const left = components.reduce((sum, each) => sum + (observed.podCounts[each] ?? 0), 0);
    const state = waiting(
      left === 0 ? 'Hibernated' : 'Hibernating',
      left === 0 ? 'spec.hibernated is true: no pod runs' : `${pods(left)} of ${components.join(' and ')} still there`,
    );
    return [
      tier,
      troubled(tier as Tier, { ...state, complete: left === 0 }, { ...observed, stuckPods: {}, refusals: {} }),
    ];
  });
  return Object.fromEntries(states) as Record<Tier, TierState>;
}

/** Pods that may not be made, a failed step or a pod that does not run say more than "not ready yet". */
function troubled(tier: Tier, state: TierState, observed: Observed): TierState {
  const failure = observed.failures.find((each) => each.tier === tier);
  const stuck = observed.stuckPods[tier]?.[0];
  const trouble =
    state.trouble ??
    observed.refusals[tier] ??
    (stuck && { reason: stuck.reason, message: `pod ${stuck.pod}: ${stuck.message}` }) ??
    (failure && { reason: failure.reason ?? 'StepFailed', message: failure.message });
  if (trouble === undefined) return state;
  // What could not be done leaves the tier short of what was declared, even if it serves.
  const shortOfIt = failure === undefined ? {} : { complete: false };
  return { ...state, ...shortOfIt, ...(state.serving && failure === undefined ? {} : trouble), trouble };
}

/** `what` is as the messages name it. */
function external(finding: ExternalFinding | undefined, what: string): TierState {
  if (finding === undefined) return waiting('Connecting', `${what} is being looked at`);
  const { problem, shortcomings } = finding;
  if (problem !== undefined) {
    const { reason } = problem;
    const message = `${problem.message}; what runs keeps the login that it has`;
    return { serving: false, complete: false, reason, message, trouble: { reason, message } };
  }
  const [trouble] = shortcomings;
  if (trouble === undefined) return complete(`${what} can be used`);
  return { serving: true, complete: false, ...trouble, trouble };
}

function database(cluster: AuthCluster, observed: Observed): TierState {
  const { statefulSets, patroni, accountsReady } = observed;
  const name = names(cluster).postgres;
  const wanted = cluster.spec.postgres.readReplicas;
  const statefulSet = statefulSets.get(name);
  const primary = patroni.members.find(({ pod }) => pod === patroni.leader);
  const replicas = patroni.members.filter(({ pod, ready }) => ready && pod !== patroni.leader).length;
  if (statefulSet === undefined) return waiting('Creating', `StatefulSet ${name} is being created`);
  if (patroni.leader === undefined) {
    return patroni.initialized
      ? waiting('PrimaryMissing', 'no member leads; Patroni elects one as soon as one is fit')
      : waiting('Bootstrapping', 'the database is being created');
  }
  if (primary?.ready !== true) return waiting('PrimaryNotReady', `primary ${patroni.leader} is not ready`);
  if (!accountsReady) return waiting('CreatingAccounts', 'roles, database and privileges are being created');
  const changing = change(observed) ?? growth(observed);
  if (changing !== undefined) return changing;
  if (replicas < wanted) {
    const reads = replicas === 0 ? ': reads go to the primary' : '';
    const message = `primary ${patroni.leader} serves; ${replicas} of ${wanted} replicas are ready${reads}`;
    return serving('ReplicasNotReady', message);
  }
  return complete(`primary ${patroni.leader} and ${replicas} of ${wanted} replicas serve`);
}

/** What is being done with database pods, one after another. */
function change({ moves: { next, refusal }, moveProblem, patroni }: Observed): TierState | undefined {
  const serves = `primary ${patroni.leader} serves`;
  const failed = moveProblem === undefined ? '' : ` (the last attempt was given up: ${moveProblem})`;
  const attempt: TierState['trouble'] =
    moveProblem === undefined ? undefined : { reason: 'SwitchoverGivenUp', message: moveProblem };
  const refused: TierState['trouble'] =
    refusal === undefined ? undefined : { reason: 'SwitchoverRefused', message: refusal };
  const trouble = refused ?? attempt;
  const withTrouble = trouble === undefined ? {} : { trouble };
  if (next.kind === 'none' || next.kind === 'acknowledge') {
    return refused && { ...serving('SwitchoverRefused', `${serves}; ${refused.message}`), ...withTrouble };
  }
  return { ...serving(CHANGE_REASONS[next.kind], `${serves}; ${next.message}${failed}`), ...withTrouble };
}

function growth({ volumes: { grow, growing, renewTemplate }, patroni }: Observed): TierState | undefined {
  const left = grow.length + growing.length;
  if (left === 0 && !renewTemplate) return undefined;
  const message = `primary ${patroni.leader} serves; ${left} volumes are to grow, which their driver does`;
  return serving('GrowingStorage', message);
}

/** As reasons of DatabaseReady. */
const CHANGE_REASONS = {
  wait: 'ChangeWaits',
  restart: 'Restarting',
  restartPrimary: 'Restarting',
  replace: 'RollingOut',
  switchover: 'SwitchingOver',
} as const satisfies Record<Exclude<Move['kind'], 'none' | 'acknowledge'>, string>;

function poolers(cluster: AuthCluster, observed: Observed): TierState {
  const name = names(cluster);
  const wanted = [name.poolerReadWrite, ...(replicaServers(cluster) === undefined ? [] : [name.poolerReadOnly])];
  const state = poolersState(cluster, observed, wanted);
  const refused = wanted.find((each) => replicaFailure(observed.deployments.get(each)) !== undefined);
  if (state.trouble !== undefined || refused === undefined) return state;
  const { message = 'no reason given' } = replicaFailure(observed.deployments.get(refused)) ?? {};
  return { ...state, trouble: refusal(`Deployment ${refused}`, message) };
}

/** `wanted` are the names of the Deployments. */
function poolersState(
  cluster: AuthCluster,
  { deployments, poolerPaths }: Observed,
  wanted: readonly string[],
): TierState {
  const { instances } = cluster.spec.postgres.pooler;
  for (const each of wanted) {
    const deployment = deployments.get(each);
    if (deployment === undefined) return waiting('WaitingForDatabase', `${each} begins when the database serves`);
    if (readyOf(deployment) === 0) return waiting('NotReady', `no pod of ${each} is ready`);
  }
  const path = poolerPaths && pathState(poolerPaths, wanted.includes(names(cluster).poolerReadOnly));
  if (path !== undefined) return path;
  for (const each of wanted) {
    const deployment = deployments.get(each);
    const ready = readyOf(deployment);
    if (!rolledOut(deployment) || ready < instances) {
      return serving('RollingOut', `${ready} of ${instances} pods of ${each} are ready`);
    }
  }
  return complete(`${wanted.join(' and ')} serve with ${instances} each`);
}

/** What is amiss with the ways through the poolers; undefined where nothing is. Reads can go to the primary, too. */
function pathState({ readWrite, readOnly }: PathsSeen, hasReadOnly: boolean): TierState | undefined {
  if (readWrite.kind === 'unknown') return waiting('CheckingPath', 'a login through the poolers is being tried');
  if (readWrite.kind === 'broken') return waiting('PrimaryUnreachable', readWrite.message);
  if (!hasReadOnly || readOnly.kind === 'works') return undefined;
  if (readOnly.kind === 'unknown') return serving('CheckingPath', 'a login through the poolers is being tried');
  const message = `no replica answers, and the API reads from the primary: ${readOnly.message}`;
  return { ...serving('ReplicasUnreachable', message), trouble: { reason: 'ReplicasUnreachable', message } };
}

function cache(cluster: AuthCluster, { statefulSets, redis }: Observed): TierState {
  const { shards, replicasPerShard } = cluster.spec.redis;
  const nodes = shards * (replicasPerShard + 1);
  const wanted = Array.from({ length: shards }, (_, shard) => statefulSets.get(names(cluster).redisShard(shard)));
  if (wanted.includes(undefined)) return waiting('Creating', 'StatefulSets are being created');
  if (redis === undefined) return waiting('Starting', 'no Redis node answers yet');
  const activity = redis.activity === undefined ? '' : `: ${redis.activity}`;
  if (redis.slotsCovered < SLOTS) {
    return waiting('SlotsNotCovered', `${redis.slotsCovered} of ${SLOTS} slots are served${activity}`);
  }
  if (!wanted.every(rolledOut)) return serving('RollingOut', 'all slots are served; pods are being replaced');
  if (redis.readyNodes >= nodes && redis.activity !== undefined) {
    return serving('Rearranging', `all slots are served${activity}`);
  }
  if (redis.readyNodes < nodes || redis.shards !== shards || redis.activity !== undefined) {
    return serving('NodesNotReady', `all slots are served; ${redis.readyNodes} of ${nodes} nodes are ready${activity}`);
  }
  return complete(`${nodes} nodes in ${shards} shards serve all slots`);
}

function migrations(cluster: AuthCluster, { jobs }: Observed, inputs: MigrationInputs | undefined): TierState {
  if (inputs === undefined) return waiting('ImageUnknown', 'it is not known which image to run');
  const { name } = migrationsJob(cluster, inputs).metadata;
  const job = jobs.get(name);
  if (job === undefined) return waiting('WaitingForDatabase', `Job ${name} begins when the database serves`);
  if (hasCondition(job, 'Complete')) return complete(`Job ${name} is done`);
  const failedAttempts = job.status?.failed ?? 0;
  const failed = hasCondition(job, 'Failed');
  const { namespace } = cluster.metadata;
  if (!failed && failedAttempts === 0) {
    const why = `kubectl describe -n ${namespace} job/${name}`;
    return waiting('Running', job.status?.active ? `Job ${name} runs` : `Job ${name} has no pod yet: ${why} tells why`);
  }
  const logs = `kubectl logs -n ${namespace} job/${name}`;
  const trouble: { reason: Reason; message: string } = failed
    ? { reason: 'MigrationFailed', message: `Job ${name} gave up: see ${logs}; delete the Job to try again` }
    : {
        reason: 'MigrationRetrying',
        message: `Job ${name} failed ${failedAttempts} times and tries again: see ${logs}`,
      };
  return { ...waiting(trouble.reason, trouble.message), trouble };
}

/** `rollout` is absent while it is not known which image to run. */
function api(cluster: AuthCluster, observed: Observed, rollout: RolloutPlan | undefined): TierState {
  const name = names(cluster).apiDeployment(rollout?.active ?? observed.api.serving ?? 'blue');
  const { minReplicas } = cluster.spec.api.autoscaling;
  const deployment = observed.deployments.get(name);
  if (deployment === undefined) {
    return waiting('WaitingForDataTiers', `${name} begins when data tiers serve and migrations are done`);
  }
  const state = scaled(name, deployment, minReplicas);
  if (!state.serving || rollout === undefined || rollout.phase === 'Stable') return state;
  const inRollout = serving(ROLLOUT_REASONS[rollout.phase], rollout.message);
  const trouble = rolloutTrouble(cluster, observed, rollout);
  return trouble === undefined ? inRollout : { ...inRollout, trouble };
}

/** What of a rollout does not pass by itself. */
function rolloutTrouble(
  cluster: AuthCluster,
  { api: { check }, deployments }: Observed,
  { phase, message, active }: RolloutPlan,
): TierState['trouble'] {
  const candidate = names(cluster).apiDeployment(opposite(active));
  if (phase === 'RolledBack' || phase === 'Aborted') return { reason: ROLLOUT_REASONS[phase], message };
  if (phase === 'Starting') return stall(candidate, deployments.get(candidate));
  if (phase !== 'Checking' || check?.kind !== 'failed') return undefined;
  return { reason: 'RolloutStuck', message: `${message}. Next: see the logs of ${candidate}` };
}

/** As reasons of ApiReady. */
const ROLLOUT_REASONS = {
  WaitingForMigrations: 'WaitingForMigrations',
  Starting: 'RolloutStarting',
  Checking: 'RolloutChecking',
  Baking: 'RolloutBaking',
  RolledBack: 'RolledBack',
  Aborted: 'RolloutAborted',
} as const satisfies Record<Exclude<RolloutPhase, 'Stable'>, Reason>;

function gateway(cluster: AuthCluster, { deployments }: Observed): TierState {
  const name = names(cluster).gateway;
  const { enabled, autoscaling } = cluster.spec.gateway;
  if (!enabled) return complete('spec.gateway.enabled is false');
  const deployment = deployments.get(name);
  if (deployment === undefined) return waiting('WaitingForApi', `${name} begins when the auth API serves`);
  return scaled(name, deployment, autoscaling.minReplicas);
}

/** What keeps a Deployment from getting its pods: no progress for long, or pods that may not be made (a quota). */
function stall(name: string, deployment: Deployment | undefined): TierState['trouble'] {
  const conditions = deployment?.status?.conditions ?? [];
  const refused = replicaFailure(deployment);
  const stalled = refused ?? conditions.find(({ reason }) => reason === 'ProgressDeadlineExceeded');
  if (stalled === undefined) return undefined;
  const next =
    stalled === refused
      ? 'let the namespace have these pods (quota, limits); during a rollout there are more of them'
      : 'see the events and logs of its pods';
  return { reason: 'RolloutStuck', message: `${name}: ${stalled.message ?? 'no progress'}. Next: ${next}` };
}

/** A Deployment whose size belongs to an autoscaler: more pods may be on their way without it being incomplete. */
function scaled(name: string, deployment: Deployment, minReplicas: number): TierState {
  const ready = readyOf(deployment);
  const trouble = stall(name, deployment);
  const withTrouble = trouble === undefined ? {} : { trouble };
  if (ready === 0) return { ...waiting('NotReady', `no pod of ${name} is ready`), ...withTrouble };
  if (!rolledOut(deployment)) {
    return { ...serving('RollingOut', `${servingPods(ready, name)}; others are being replaced`), ...withTrouble };
  }
  if (ready < minReplicas) return serving('ScalingUp', `${ready} of ${minReplicas} pods of ${name} are ready`);
  return complete(servingPods(ready, name));
}

function servingPods(count: number, name: string): string {
  return `${pods(count)} of ${name} ${count === 1 ? 'serves' : 'serve'}`;
}

function pods(count: number): string {
  return count === 1 ? '1 pod' : `${count} pods`;
}

/** Whether every pod is of the newest template, and none of an older one is left. */
export function rolledOut(workload: StatefulSet | Deployment | undefined): boolean {
  if (workload?.status === undefined) return false;
  const { observedGeneration = 0, replicas = 0, updatedReplicas = 0 } = workload.status;
  return observedGeneration >= (workload.metadata.generation ?? 0) && updatedReplicas >= replicas;
}

export function readyOf(workload: StatefulSet | Deployment | undefined): number {
  return workload?.status?.readyReplicas ?? 0;
}

export function imageOf(deployment: Deployment | undefined): string | undefined {
  return deployment?.spec.template?.spec?.containers?.[0]?.image;
}

function waiting(reason: Reason, message: string): TierState {
  return { serving: false, complete: false, reason, message };
}

function serving(reason: Reason, message: string): TierState {
  return { serving: true, complete: false, reason, message };
}

function complete(message: string): TierState {
  return { serving: true, complete: true, reason: 'Ready', message };
}
