import type { RolloutSpec } from '../api/generated/authcluster.ts';
import { UNREADY_SECONDS } from './pod-health.ts';
import { type Color, opposite, type RolloutObserved } from './terms.ts';
import { since } from './traffic.ts';
import { verdict } from './verdict.ts';

/** Of the pods that have the traffic: as many as their disruption budget leaves can carry it. */
const ENOUGH = 0.75;

/** Whether the colour that stands by has the ready pods for what `active` carries. */
export function canTakeBack(seen: RolloutObserved, active: Color): boolean {
  const { ready, formerReady } = strengths(seen, active);
  return formerReady >= ready * ENOUGH;
}

/** What speaks for taking the traffic back from `active`, in a sentence, or undefined. */
export function faultOf(seen: RolloutObserved, spec: RolloutSpec, active: Color): string | undefined {
  return fallenPods(seen, active) ?? worseAnswers(seen, spec);
}

function fallenPods(seen: RolloutObserved, active: Color): string | undefined {
  const { ready, size, formerReady } = strengths(seen, active);
  const { crashing, longUnready } = seen.health;
  // Where the former colour is no better off, it is not the revision, and nothing is won by going back.
  if (size === 0 || formerReady === 0 || formerReady < ready) return undefined;
  if (ready === 0) return `no pod of ${active} is ready`;
  if (crashing > 0) return `${crashing} of ${size} pods of ${active} end again and again`;
  // Not of fewer pods: those of one drained or silent node are no fault of the revision.
  if (longUnready * 2 <= size) return undefined;
  return `${longUnready} of ${size} pods of ${active} have not been ready for ${UNREADY_SECONDS} s`;
}

function worseAnswers({ traffic, record: { baseline } }: RolloutObserved, spec: RolloutSpec): string | undefined {
  if (traffic === undefined || baseline === undefined) return undefined;
  return verdict(since(traffic, baseline.candidate), baseline.former, spec.errorBudget);
}

/** Why the bake of `active` cannot end well yet, however long it has lasted; undefined where it can. */
export function unproven(seen: RolloutObserved, spec: RolloutSpec, active: Color): string | undefined {
  const { ready, size, formerReady } = strengths(seen, active);
  // Hibernated.
  if (size === 0) return undefined;
  // Pods that no node has room for are not waited for, unless they are most: the former colour may take that room.
  const enough = Math.max(1, Math.min(size, formerReady) / 2);
  if (seen.health.unready > 0 || ready < enough) return `${ready} of ${size} pods of ${active} are ready`;
  const isToBeCompared = spec.automaticRollback && seen.record.baseline !== undefined;
  return isToBeCompared && seen.traffic === undefined ? `no pod of ${active} tells what it answers` : undefined;
}

function strengths({ colors }: RolloutObserved, active: Color) {
  const { ready = 0, size = 0 } = colors[active] ?? {};
  return { ready, size, formerReady: colors[opposite(active)]?.ready ?? 0 };
}
