import type { AuthCluster } from '../api/authcluster.ts';
import type { KubernetesObject } from '../kubernetes/objects.ts';
import { apiRollout, COLORS } from '../rollout/plan.ts';
import type { Color, RolloutPhase, RolloutPlan } from '../rollout/terms.ts';
import type { Observed } from '../status/observed.ts';
import type { TierStates } from '../status/tier-state.ts';
import { assessTiers } from '../status/tiers.ts';
import { rolledOut } from '../status/workloads.ts';
import { authApi, keptDeployments, keptRevision } from './auth-api/auth-api.ts';
import { cacheWarming } from './auth-api/warming.ts';
import { gateway, gatewayConfigurationName } from './gateway/gateway.ts';
import { asleep } from './hibernation.ts';
import type { BuilderInputs } from './inputs.ts';
import type { Manifest } from './manifest.ts';
import { migrationsJob } from './migrations/migrations.ts';
import { monitoring } from './monitoring/monitoring.ts';
import { type Component, names } from './names.ts';
import { networkPolicies } from './network/policies.ts';
import { pooler } from './pooler/pooler.ts';
import { keptOfPostgres } from './postgres/kept.ts';
import { postgres } from './postgres/postgres.ts';
import { shardsNotInTurn } from './redis/in-turn.ts';
import { redis } from './redis/redis.ts';
import { shardsToKeep } from './redis/shards.ts';
import { noSizes, type Size, smallestSizes } from './sizes.ts';

export interface Desired {
  /** To apply now, in this order. */
  objects: readonly Manifest[];
  /**
   * Components that are left out because an earlier one is not done. Their live objects stay as they are: left out for
   * now does not mean unwanted.
   */
  held: ReadonlySet<Component>;
  /** Components some of whose pods still run what was wanted before: what those mount stays. */
  replacing: ReadonlySet<Component>;
  /** Objects that are not to go: they run what was wanted before, and stay as they are. */
  kept: readonly KubernetesObject[];
  /** Whether a rollout waits for nothing but time and what its pods answer. */
  watching: boolean;
  /** The colour of the auth API that has lost the traffic and still runs. */
  standingBy: Color | undefined;
  /** Of Deployments whose size belongs to an autoscaler: see smallestSizes. */
  sizes: ReadonlyMap<string, Size>;
}

interface Step {
  components: readonly Component[];
  mayBegin: boolean;
  objects: () => Manifest[];
}

/**
 * What should be there, as far as what was observed allows it. PostgreSQL and Redis begin at once; every other tier
 * begins when those it needs are done, and is kept up from then on even while one of them is not.
 */
export function desired(cluster: AuthCluster, observed: Observed, inputs: BuilderInputs): Desired {
  const tiers = assessTiers(cluster, observed, inputs);
  const rollout = apiRollout(cluster, observed, inputs, tiers.migrations.serving);
  const steps = stepsFor(cluster, observed, inputs, tiers, rollout);
  const wanted = steps.flatMap((step) => (step.mayBegin ? step.objects() : []));
  const waiting = shardsNotInTurn(cluster, wanted, observed);
  const objects = wanted.filter((object) => !waiting.includes(object));
  const held = new Set(steps.flatMap(({ mayBegin, components }) => (mayBegin ? [] : components)));
  const awake = !cluster.spec.hibernated;
  return {
    objects: awake ? objects : objects.map((object) => asleep(object, observed)),
    held,
    replacing: gatewayIsReplaced(cluster, observed) ? new Set(['gateway']) : new Set(),
    kept: [...rollout.keep.map((color) => apiDeploymentReference(cluster, color)), ...waiting],
    watching: WATCHED_PHASES.has(rollout.phase),
    standingBy: rollout.former,
    sizes: awake ? smallestSizes(cluster, observed, held, rollout) : noSizes(cluster, observed),
  };
}

function stepsFor(
  cluster: AuthCluster,
  observed: Observed,
  inputs: BuilderInputs,
  tiers: TierStates,
  rollout: RolloutPlan,
): Step[] {
  const name = names(cluster);
  // Awake; one that hibernates is kept as it is, or woken in its turn.
  const exists = (deployment: string) => {
    const live = observed.deployments.get(deployment);
    return live !== undefined && (cluster.spec.hibernated || live.spec.replicas !== 0);
  };
  const isRestored = rollout.keep.some((color) => !observed.deployments.has(name.apiDeployment(color)));
  const dataTiersServe = tiers.database.serving && tiers.pooler.serving && tiers.cache.serving;
  return [
    // Before any pod, so that none is ever open.
    { components: [], mayBegin: true, objects: () => networkPolicies(cluster, inputs) },
    { components: [], mayBegin: true, objects: () => monitoring(cluster, inputs) },
    {
      components: ['postgres'],
      mayBegin: true,
      objects: () => postgres(cluster, inputs, keptOfPostgres(cluster, observed)),
    },
    {
      components: ['redis'],
      mayBegin: cluster.spec.redis.mode === 'Managed' || inputs.external.redis !== undefined,
      objects: () => redis(cluster, inputs, shardsToKeep(cluster, observed)),
    },
    {
      components: ['pooler-rw', 'pooler-ro'],
      mayBegin: mayPool(cluster, inputs) && (tiers.database.serving || exists(name.poolerReadWrite)),
      objects: () => pooler(cluster, inputs, observed.patroni.members),
    },
    {
      components: ['migrations'],
      mayBegin: tiers.database.serving || tiers.migrations.serving,
      objects: () => [migrationsJob(cluster, inputs)],
    },
    {
      components: ['auth-api'],
      mayBegin:
        COLORS.some((color) => exists(name.apiDeployment(color))) ||
        (isRestored && !cluster.spec.hibernated) ||
        (tiers.migrations.serving && dataTiersServe),
      objects: () => [
        ...keptDeployments(cluster, observed, rollout.keep),
        ...authApi(cluster, inputs, {
          ...rollout,
          kept: keptRevision(cluster, observed, rollout.active),
          serving: observed.api.serving,
        }),
      ],
    },
    {
      components: ['warming'],
      // It takes pods that relay invalidations. A hibernated one is suspended, whatever serves.
      mayBegin: cluster.spec.hibernated || (tiers.migrations.serving && tiers.api.serving),
      objects: () => cacheWarming(cluster, inputs),
    },
    {
      components: ['gateway'],
      mayBegin: tiers.api.serving || exists(name.gateway) || !cluster.spec.gateway.enabled,
      objects: () => gateway(cluster, inputs),
    },
  ];
}

const WATCHED_PHASES = new Set<RolloutPhase>(['WaitingForMigrations', 'Starting', 'Checking', 'Baking']);

/** Whether pods of the gateway may be left, or come back, that mount an earlier configuration. */
function gatewayIsReplaced(cluster: AuthCluster, observed: Observed): boolean {
  const live = observed.deployments.get(names(cluster).gateway);
  if (!cluster.spec.gateway.enabled || live === undefined) return false;
  const mounted = live.spec.template?.spec?.volumes?.flatMap(({ configMap }) => configMap?.name ?? []) ?? [];
  return !mounted.includes(gatewayConfigurationName(cluster)) || !rolledOut(live);
}

/** While the login to an external database does not work, poolers keep the configuration that they have. */
function mayPool({ spec: { postgres } }: AuthCluster, { external }: BuilderInputs): boolean {
  return postgres.mode === 'Managed' || external.postgres !== undefined;
}

export function apiDeploymentReference(cluster: AuthCluster, color: Color): KubernetesObject {
  const { namespace } = cluster.metadata;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name: names(cluster).apiDeployment(color) },
  };
}
