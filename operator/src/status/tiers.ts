import type { AuthCluster } from '../api/authcluster.ts';
import { apiRollout } from '../rollout/plan.ts';
import type { MigrationInputs } from '../specs/migrations/migrations.ts';
import { type Component, SWITCHOVER_ANNOTATION } from '../specs/names.ts';
import { api } from './api-tier.ts';
import { cache } from './cache-tier.ts';
import { database, SWITCHOVER_REFUSED } from './database-tier.ts';
import { gateway, gatewayShortcoming } from './gateway-tier.ts';
import { migrations } from './migrations-tier.ts';
import type { ExternalFinding, Observed, Tier, Trouble } from './observed.ts';
import { poolers } from './pooler-tier.ts';
import { REASONS } from './reasons.ts';
import { complete, pods, serving, type TierState, type TierStates, waiting } from './tier-state.ts';

/** `inputs` are absent while it is not known which images to run. */
export function assessTiers(cluster: AuthCluster, observed: Observed, inputs: MigrationInputs | undefined): TierStates {
  if (cluster.spec.hibernated) return hibernating(observed);
  const migrated = migrations(cluster, observed, inputs);
  const assessed = {
    database:
      cluster.spec.postgres.mode === 'External'
        ? externalDatabase(cluster, observed.externalDatabase)
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
  const withTrouble = Object.entries(assessed).map(([tier, state]) => [
    tier,
    withShortcoming(troubled(tier as Tier, state, observed), shortcoming(tier as Tier, observed)),
  ]);
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

/**
 * Pods that may not be made, a failed step or a pod that does not run say more than "not ready yet"; and a step that is known
 * to wait for somebody says more than a pod, which may wait for the same: it would have a Secret created that an issuer makes.
 */
function troubled(tier: Tier, state: TierState, observed: Observed): TierState {
  const failure = observed.failures.find((each) => each.tier === tier);
  const stuck = observed.stuckPods[tier]?.[0];
  const failed = failure && { reason: failure.reason ?? 'StepFailed', message: failure.message };
  const trouble =
    state.trouble ??
    observed.refusals[tier] ??
    (failure?.reason !== undefined && failure.reason in REASONS ? failed : undefined) ??
    (stuck && { reason: stuck.reason, message: `pod ${stuck.pod}: ${stuck.message}` }) ??
    failed;
  if (trouble === undefined) return state;
  // What could not be done leaves the tier short of what was declared, even if it serves.
  const shortOfIt = failure === undefined ? {} : { complete: false };
  return { ...state, ...shortOfIt, ...(state.serving && failure === undefined ? {} : trouble), trouble };
}

function shortcoming(tier: Tier, { blindAutoscalers, ...observed }: Observed): Trouble | undefined {
  return blindAutoscalers[tier] ?? (tier === 'gateway' ? gatewayShortcoming(observed) : undefined);
}

/** Said of what is all that was declared otherwise: where pods are missing there is nothing to be measured, either. */
function withShortcoming(state: TierState, trouble: TierState['trouble']): TierState {
  if (trouble === undefined || !state.complete || state.trouble !== undefined) return state;
  return { ...state, ...trouble, trouble };
}

/** Who is the primary there is decided by whoever runs it: an order to this operator would be waited for in vain. */
function externalDatabase({ metadata }: AuthCluster, finding: ExternalFinding | undefined): TierState {
  const state = external(finding, 'the external database');
  const isAsked = metadata.annotations?.[SWITCHOVER_ANNOTATION] !== undefined;
  if (!isAsked || !state.complete) return state;
  const why = `${SWITCHOVER_ANNOTATION} has no effect with postgres.mode External`;
  const message = `${why}: have whoever runs the server make another one the primary, and remove the annotation`;
  return {
    ...serving(SWITCHOVER_REFUSED, `${state.message}; ${message}`),
    trouble: { reason: SWITCHOVER_REFUSED, message },
  };
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
