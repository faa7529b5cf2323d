import type { RolloutSpec } from '../api/generated/authcluster.ts';
import { canTakeBack, faultOf, unproven } from './fault.ts';
import { starting } from './starting.ts';
import { type Color, type ColorState, type Orders, opposite, type RolloutObserved, type RolloutPlan } from './terms.ts';

/**
 * The next step of a rollout, from what is there and nothing else: deciding again from the same gives the same, and
 * an operator that comes back in the middle goes on from there.
 */
export function decideRollout(seen: RolloutObserved, spec: RolloutSpec, orders: Orders, nowMs: number): RolloutPlan {
  const { serving } = seen;
  if (serving !== undefined && isLost(seen, serving, spec)) return restored(seen, serving, orders);
  const active = activeColor(seen);
  const live = seen.colors[active];
  if (spec.strategy === 'RollingUpdate') return rolling(seen, active, live);
  if (live === undefined) return inPlace(seen, orders, active);
  const { switchedAtMs } = seen.record;
  if (switchedAtMs !== undefined && seen.colors[opposite(active)] !== undefined) {
    if (live.revision === seen.wanted) return baking(seen, spec, orders, nowMs, switchedAtMs);
    if (canTakeBack(seen, active)) return superseded(active);
  }
  if (live.revision === seen.wanted) return inPlace(seen, orders, active);
  const refusal = refused(seen, orders);
  if (refusal !== undefined) return { active, apply: [], keep: [active], ...refusal };
  if (!seen.mayStart) return waiting(seen, active);
  return starting(seen, active, live, orders, nowMs);
}

/**
 * Whether what served is gone, no other pod can take its place, and the Service remembers what it was: of the wanted
 * revision it is not known whether it can serve, or even may.
 */
function isLost({ colors, remembered, wanted, mayStart }: RolloutObserved, serving: Color, spec: RolloutSpec): boolean {
  if (colors[serving] !== undefined || remembered === undefined || remembered === wanted) return false;
  if (spec.strategy === 'RollingUpdate' && mayStart) return false;
  return (colors[opposite(serving)]?.ready ?? 0) === 0;
}

function restored(seen: RolloutObserved, serving: Color, orders: Orders): RolloutPlan {
  const other = opposite(serving);
  const keep = seen.colors[other] === undefined ? [serving] : [serving, other];
  const message = `${serving} is gone, and is made again as it was`;
  return {
    active: serving,
    apply: [],
    keep,
    record: seen.record,
    phase: 'Starting',
    message,
    ...refused(seen, orders),
  };
}

/** Without a Service, or where it selects what is not there, the colour that there is, rather one that can serve. */
function activeColor({ serving, colors }: RolloutObserved): Color {
  if (serving !== undefined && colors[serving] !== undefined) return serving;
  const there = (['blue', 'green'] as const).filter((color) => colors[color] !== undefined);
  return there.find((color) => (colors[color]?.ready ?? 0) > 0) ?? there[0] ?? serving ?? 'blue';
}

function rolling(seen: RolloutObserved, active: Color, live: ColorState | undefined): RolloutPlan {
  const mayChange = live === undefined || live.revision === seen.wanted || seen.mayStart;
  return mayChange ? stable(active, 'is brought to what is wanted') : waiting(seen, active);
}

/** What is wanted has no other beside it: also one that was refused, where somebody deleted what served instead. */
function inPlace(seen: RolloutObserved, orders: Orders, active: Color): RolloutPlan {
  const plan = stable(active, 'runs the revision that is wanted');
  const refusal = refused(seen, orders);
  if (refusal === undefined) return plan;
  return { ...plan, ...refusal, message: `${refusal.message}. It runs all the same: the Deployment of before is gone` };
}

function waiting({ colors, record }: RolloutObserved, active: Color): RolloutPlan {
  const other = opposite(active);
  const keep = colors[other] === undefined ? [active] : [active, other];
  const message = `${active} serves on until migrations are done`;
  return { active, apply: [], keep, record, phase: 'WaitingForMigrations', message };
}

function aborted(revision: string): string {
  return `revision ${revision} was aborted: change the spec, or remove the annotation authcluster.dev/abort`;
}

/** A revision that was taken back stays so until another is wanted, or a person promotes it. */
function refused(
  { wanted, record: { rejected } }: RolloutObserved,
  orders: Orders,
): Pick<RolloutPlan, 'record' | 'phase' | 'message'> | undefined {
  if (orders.abort === wanted) return { record: {}, phase: 'Aborted', message: aborted(wanted) };
  if (rejected?.revision !== wanted || orders.promote === wanted) return undefined;
  return { record: { rejected }, phase: 'RolledBack', message: rejected.message };
}

function baking(
  seen: RolloutObserved,
  spec: RolloutSpec,
  orders: Orders,
  nowMs: number,
  switchedAtMs: number,
): RolloutPlan {
  const active = activeColor(seen);
  const former = opposite(active);
  const isPromoted = orders.promote === seen.wanted;
  const isAborted = orders.abort === seen.wanted;
  const watching = (what: string): RolloutPlan => ({
    active,
    apply: [active],
    keep: [former],
    former,
    record: seen.record,
    phase: 'Baking',
    message: `${active} has the traffic and ${what}; ${former} stands by`,
  });
  const fault = spec.automaticRollback && !isPromoted ? faultOf(seen, spec, active) : undefined;
  if ((isAborted || fault !== undefined) && !canTakeBack(seen, active)) {
    const { ready = 0, size = 0 } = seen.colors[former] ?? {};
    const why = isAborted ? 'it was aborted' : fault;
    return watching(
      `is to lose it, since ${why}, as soon as more than ${ready} of ${size} pods of ${former} are ready`,
    );
  }
  if (isAborted) return back(active, { phase: 'Aborted', message: aborted(seen.wanted), record: {} }, [former]);
  if (fault !== undefined) {
    const message = `revision ${seen.wanted} was taken back: ${fault}; ${former} serves`;
    const record = { rejected: { revision: seen.wanted, message } };
    return back(active, { phase: 'RolledBack', message, record }, [former]);
  }
  const isOver = nowMs >= switchedAtMs + spec.bakeSeconds * 1000;
  const obstacle = isOver ? unproven(seen, spec, active) : undefined;
  if (isPromoted || (isOver && obstacle === undefined)) return stable(active, 'runs the revision that is wanted');
  const longer = obstacle === undefined ? '' : ` longer than its bake time, since ${obstacle}`;
  return watching(`is watched${longer}${uncompared(seen)}`);
}

/** What was wanted last has not proved itself: the newest begins from what has. */
function superseded(active: Color): RolloutPlan {
  const former = opposite(active);
  const message = `${former} serves again; a newer revision is wanted`;
  return back(active, { phase: 'Starting', message, record: {} }, [former, active]);
}

function back(active: Color, end: Pick<RolloutPlan, 'phase' | 'message' | 'record'>, keep: Color[]): RolloutPlan {
  return { active: opposite(active), apply: [], keep, former: active, ...end };
}

/** Nobody should take the silence of a rollout that cannot be judged for a good sign. */
function uncompared({ record }: RolloutObserved): string {
  return record.baseline === undefined ? ', but compared with nothing, since the pods before it told nothing' : '';
}

function stable(active: Color, what: string): RolloutPlan {
  return { active, apply: [active], keep: [], record: {}, phase: 'Stable', message: `${active} ${what}` };
}
