import type { AuthCluster } from '../api/authcluster.ts';
import { isTakenUp } from '../kubernetes/objects.ts';
import type { Move } from '../postgres/moves.ts';
import { names } from '../specs/names.ts';
import type { Observed } from './observed.ts';
import { complete, serving, type TierState, waiting } from './tier-state.ts';

export const PARAMETERS_REFUSED = 'ParametersRefused';
export const SWITCHOVER_REFUSED = 'SwitchoverRefused';

/** Parameters that did not come to be: nothing else is held up by them. */
export function database(cluster: AuthCluster, observed: Observed): TierState {
  const state = present(cluster, observed);
  if (observed.refusedParameters.length === 0 || !state.serving) return state;
  const message = observed.refusedParameters.join('; ');
  const trouble = state.trouble ?? { reason: PARAMETERS_REFUSED, message };
  return { ...(state.complete ? serving(PARAMETERS_REFUSED, `${state.message}; ${message}`) : state), trouble };
}

function present(cluster: AuthCluster, observed: Observed): TierState {
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
  if (!isTakenUp(statefulSet)) {
    return serving('RollingOut', `primary ${patroni.leader} serves; StatefulSet ${name} has changed`);
  }
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
    refusal === undefined ? undefined : { reason: SWITCHOVER_REFUSED, message: refusal };
  const trouble = refused ?? attempt;
  const withTrouble = trouble === undefined ? {} : { trouble };
  if (next.kind === 'none' || next.kind === 'acknowledge') {
    return refused && { ...serving(SWITCHOVER_REFUSED, `${serves}; ${refused.message}`), ...withTrouble };
  }
  return { ...serving(CHANGE_REASONS[next.kind], `${serves}; ${next.message}${failed}`), ...withTrouble };
}

function growth({ volumes, patroni }: Observed): TierState | undefined {
  const { grow, growing, renewTemplate, growthProblem } = volumes;
  const left = grow.length + growing.length;
  if (left === 0 && !renewTemplate) return undefined;
  const message = `primary ${patroni.leader} serves; ${left} volumes are to grow, which their driver does`;
  if (growthProblem === undefined) return serving('GrowingStorage', message);
  return { ...serving('GrowingStorage', message), trouble: { reason: 'GrowthFailed', message: growthProblem } };
}

/** As reasons of DatabaseReady. */
const CHANGE_REASONS = {
  wait: 'ChangeWaits',
  restart: 'Restarting',
  restartPrimary: 'Restarting',
  replace: 'RollingOut',
  switchover: 'SwitchingOver',
} as const satisfies Record<Exclude<Move['kind'], 'none' | 'acknowledge'>, string>;
