import type { AuthCluster } from '../api/authcluster.ts';
import type { AuthClusterStatus, ExternalPostgres, ExternalRedis } from '../api/generated/authcluster.ts';
import type { MoveReport } from '../postgres/mover.ts';
import { apiRollout } from '../rollout/plan.ts';
import { wantedRevision } from '../rollout/revision.ts';
import { terminatesTls } from '../specs/gateway/tls.ts';
import type { MigrationInputs } from '../specs/migrations/migrations.ts';
import { names, PORTS } from '../specs/names.ts';
import { connectionBudget } from '../specs/pooler/connection-budget.ts';
import { replicaServers } from '../specs/postgres/servers.ts';
import { serviceHost } from '../specs/services.ts';
import { findings, withTransitionTimes } from './conditions.ts';
import type { Observed, SigningKeysView } from './observed.ts';
import { assessTiers } from './tiers.ts';
import { imageOf, readyOf } from './workloads.ts';

/**
 * The status as a function of what was seen. Of the status before, only the times of its conditions are used.
 * `inputs` are absent while it is not known which images to run.
 */
export function statusOf(
  cluster: AuthCluster,
  observed: Observed,
  inputs: MigrationInputs | undefined,
  now: Date,
): AuthClusterStatus {
  const {
    paused,
    gateway: { enabled },
    postgres,
    redis,
  } = cluster.spec;
  // Of a paused AuthCluster only a version of the spec before the pause was acted on; and workloads that have just been
  // changed were seen as that version had them.
  const isOfVersionBefore = paused || observed.workloadsChanged === true;
  const generation = isOfVersionBefore ? cluster.status?.observedGeneration : cluster.metadata.generation;
  const tiers = assessTiers(cluster, observed, inputs);
  const found = findings(tiers, observed.failures, cluster.spec, observed.credentials);
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: withTransitionTimes(found, cluster.status?.conditions ?? [], now, generation),
    endpoint: endpoint(cluster),
    api: apiStatus(cluster, observed, inputs, tiers.migrations.serving),
    ...(observed.signingKeys === undefined ? {} : { signingKeys: signingKeysStatus(observed.signingKeys) }),
    ...(enabled ? { gateway: gatewayStatus(cluster, observed) } : {}),
    postgres:
      postgres.external === undefined
        ? postgresStatus(cluster, observed)
        : externalPostgresStatus(postgres.external, observed.externalDatabase),
    pooler: poolerStatus(cluster, observed),
    redis:
      redis.external === undefined
        ? redisStatus(cluster, observed)
        : externalRedisStatus(redis.external, observed.externalCache),
  };
}

type StatusOf<K extends keyof AuthClusterStatus> = NonNullable<AuthClusterStatus[K]>;

function endpoint(cluster: AuthCluster): string {
  const name = names(cluster);
  return cluster.spec.gateway.enabled
    ? `${terminatesTls(cluster) ? 'https' : 'http'}://${serviceHost(cluster, name.gateway)}`
    : `http://${serviceHost(cluster, name.api)}:${PORTS.authApi}`;
}

function apiStatus(
  cluster: AuthCluster,
  observed: Observed,
  inputs: MigrationInputs | undefined,
  migrated: boolean,
): StatusOf<'api'> {
  const { deployments, desiredReplicas } = observed;
  const name = names(cluster);
  const rollout = inputs && apiRollout(cluster, observed, inputs, migrated);
  const activeColor = rollout?.active ?? observed.api.serving ?? 'blue';
  const deployment = deployments.get(name.apiDeployment(activeColor));
  const readyReplicas = readyOf(deployment);
  const desired = desiredReplicas.get(name.api) ?? cluster.spec.api.autoscaling.minReplicas;
  const image = imageOf(deployment);
  return {
    ready: `${readyReplicas}/${desired}`,
    readyReplicas,
    desiredReplicas: desired,
    ...(image === undefined ? {} : { image, version: versionOf(image), activeColor }),
    ...(inputs === undefined || rollout === undefined || image === undefined
      ? {}
      : {
          rollout: {
            phase: rollout.phase,
            revision: wantedRevision(cluster, inputs).name,
            message: rollout.message.slice(0, LONGEST_MESSAGE),
          },
        }),
  };
}

/** As the CRD allows. */
const LONGEST_MESSAGE = 1024;

function signingKeysStatus({ active, ...rest }: SigningKeysView): StatusOf<'signingKeys'> {
  // A person who brought their own may have named it at length.
  return { active: active.slice(0, 256), ...rest, message: rest.message.slice(0, LONGEST_MESSAGE) };
}

function gatewayStatus(cluster: AuthCluster, { deployments, desiredReplicas }: Observed): StatusOf<'gateway'> {
  const { gateway } = names(cluster);
  const readyReplicas = readyOf(deployments.get(gateway));
  const desired = desiredReplicas.get(gateway) ?? cluster.spec.gateway.autoscaling.minReplicas;
  return { ready: `${readyReplicas}/${desired}`, readyReplicas, desiredReplicas: desired };
}

/** Of an external database: the address of the primary, and the replicas that can be used. */
function externalPostgresStatus(
  { primary, replicas }: ExternalPostgres,
  seen: Observed['externalDatabase'],
): StatusOf<'postgres'> {
  const desired = replicas?.hosts.length ?? 0;
  const readyReplicas = seen === undefined || seen.problem ? 0 : desired - seen.shortcomings.length;
  return {
    primary: `${primary.host}:${primary.port}`,
    ready: `${readyReplicas}/${desired}`,
    readyReplicas,
    desiredReplicas: desired,
  };
}

function postgresStatus(cluster: AuthCluster, observed: Observed): StatusOf<'postgres'> {
  const { patroni, volumes, moves, moved, olderDatabasePods } = observed;
  const { next } = moves;
  const lastSwitchover = moved === undefined ? cluster.status?.postgres?.lastSwitchover : switchoverStatus(moved);
  const desired = cluster.spec.postgres.readReplicas;
  const { leader, members, syncStandbys } = patroni;
  const readyReplicas = members.filter(({ pod, ready }) => ready && pod !== leader).length;
  return {
    ...(leader === undefined ? {} : { primary: leader }),
    ready: `${readyReplicas}/${desired}`,
    readyReplicas,
    desiredReplicas: desired,
    ...(syncStandbys.length === 0 ? {} : { synchronousStandbys: [...syncStandbys].sort() }),
    ...('message' in next ? { change: next.message.slice(0, LONGEST_MESSAGE) } : {}),
    ...(lastSwitchover === undefined ? {} : { lastSwitchover }),
    olderPods: olderDatabasePods,
    ...(volumes.smallest === undefined ? {} : { storage: volumes.smallest }),
  };
}

/** An attempt that came to nothing is told, too: writes waited all the same. */
function switchoverStatus({ from, to, reason, outcome, atMs }: MoveReport): StatusOf<'postgres'>['lastSwitchover'] {
  return {
    ...{ from, to, reason },
    outcome: OUTCOMES[outcome.kind],
    pauseMilliseconds: Math.round(outcome.pauseSeconds * 1000),
    time: new Date(atMs).toISOString(),
  };
}

const OUTCOMES = { moved: 'Moved', 'given up': 'GivenUp', late: 'Late' } as const;

function poolerStatus(cluster: AuthCluster, { deployments, desiredReplicas, patroni }: Observed): StatusOf<'pooler'> {
  const name = names(cluster);
  const { pooler } = cluster.spec.postgres;
  const poolers = [name.poolerReadWrite, ...(replicaServers(cluster) !== undefined ? [name.poolerReadOnly] : [])];
  const readyInstances = sum(poolers.map((each) => readyOf(deployments.get(each))));
  const desiredInstances = sum(poolers.map((each) => Math.max(pooler.instances, desiredReplicas.get(each) ?? 0)));
  return {
    ready: `${readyInstances}/${desiredInstances}`,
    readyInstances,
    desiredInstances,
    ...connectionBudget(cluster, patroni.members),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Of an external Redis: the endpoints that can be used. */
function externalRedisStatus({ endpoints }: ExternalRedis, seen: Observed['externalCache']): StatusOf<'redis'> {
  const desiredNodes = endpoints.length;
  const readyNodes = seen === undefined || seen.problem ? 0 : desiredNodes - seen.shortcomings.length;
  return { ready: `${readyNodes}/${desiredNodes}`, readyNodes, desiredNodes };
}

function redisStatus(cluster: AuthCluster, { redis }: Observed): StatusOf<'redis'> {
  const { shards, replicasPerShard } = cluster.spec.redis;
  const desiredNodes = shards * (replicasPerShard + 1);
  const readyNodes = redis?.readyNodes ?? 0;
  return {
    ready: `${readyNodes}/${desiredNodes}`,
    readyNodes,
    desiredNodes,
    ...(redis === undefined ? {} : { shards: redis.shards, slotsCovered: redis.slotsCovered }),
  };
}

/** The tag of an image, or the beginning of its digest: what a person calls its version. */
export function versionOf(image: string): string {
  const [reference = '', digest] = image.split('@');
  if (digest !== undefined) return digest.slice(0, 'sha256:'.length + 12);
  const lastPart = reference.slice(reference.lastIndexOf('/') + 1);
  const colon = lastPart.indexOf(':');
  return colon < 0 ? 'latest' : lastPart.slice(colon + 1);
}
