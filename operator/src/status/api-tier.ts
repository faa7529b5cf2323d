import type { AuthCluster } from '../api/authcluster.ts';
import { opposite, type RolloutPhase, type RolloutPlan } from '../rollout/terms.ts';
import { names } from '../specs/names.ts';
import type { Observed } from './observed.ts';
import type { Reason } from './reasons.ts';
import { serving, type TierState, waiting } from './tier-state.ts';
import { scaled, stall } from './workloads.ts';

/** `rollout` is absent while it is not known which image to run. */
export function api(cluster: AuthCluster, observed: Observed, rollout: RolloutPlan | undefined): TierState {
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
