import {
  type Color,
  type ColorState,
  type Orders,
  opposite,
  type RolloutObserved,
  type RolloutPhase,
  type RolloutPlan,
} from './terms.ts';

/** The other colour, beside the one that serves: from its first pod until it has the traffic. */
export function starting(
  seen: RolloutObserved,
  active: Color,
  live: ColorState,
  orders: Orders,
  nowMs: number,
): RolloutPlan {
  const candidate = opposite(active);
  const state = seen.colors[candidate];
  const step = (phase: RolloutPhase, message: string): RolloutPlan => ({
    active,
    apply: [candidate],
    keep: [active],
    record: {},
    phase,
    message,
  });
  // Forgotten before it gets other pods: else those would be taken for the ones that have proved themselves.
  if (seen.record.switchedAtMs !== undefined) {
    const message = `${active} serves on; a newer revision is wanted`;
    return { ...step('Starting', message), apply: [], keep: [active, candidate] };
  }
  if (!isUp(state, seen.wanted, live.size)) {
    return step('Starting', `${active} serves; ${state?.ready ?? 0} of ${live.size} pods of ${candidate} are ready`);
  }
  if (orders.promote !== seen.wanted) {
    if (seen.check === undefined) return step('Checking', `${active} serves; ${candidate} is being checked`);
    if (seen.check.kind === 'failed') {
      return step('Checking', `${active} serves; ${candidate} did not pass its check: ${seen.check.message}`);
    }
    if (seen.check.kind === 'limited') {
      const limit = 'api.rateLimits.loginPerNetwork lets a login of the operator through';
      return step('Checking', `${active} serves; ${candidate} is being checked as soon as ${limit}`);
    }
    if (seen.baseline === 'measuring') {
      return step('Checking', `${candidate} passed its check; what ${active} answers is measured, to compare with`);
    }
  }
  return {
    active: candidate,
    apply: [candidate],
    keep: [active],
    former: active,
    record: { switchedAtMs: nowMs, ...(typeof seen.baseline === 'object' ? { baseline: seen.baseline } : {}) },
    phase: 'Baking',
    message: `${candidate} has the traffic now; ${active} stands by`,
  };
}

/** Whether all pods of a colour run this revision, and are as many as needed to take the traffic. */
export function isUp(state: ColorState | undefined, revision: string, size: number): boolean {
  return state !== undefined && state.revision === revision && state.rolledOut && state.ready >= Math.max(size, 1);
}
