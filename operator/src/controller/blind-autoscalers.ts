import type { Condition, HorizontalPodAutoscaler } from '../kubernetes/objects.ts';
import type { Observed, Tier, Trouble } from '../status/observed.ts';
import type { Reason } from '../status/reasons.ts';
import { inShort } from '../status/refusals.ts';
import { tierOf } from './tiers.ts';

/** A new one has measured nothing for a minute or so, and metrics-server takes as long when it is restarted. */
const BLIND_AFTER_MS = 300_000;
const REASON = 'AutoscalerBlind' satisfies Reason;

/** Autoscalers that have not been able to measure for minutes, by tier: the number of pods stays as it is. */
export function blindAutoscalers(
  autoscalers: readonly HorizontalPodAutoscaler[],
  atMs: number,
): Observed['blindAutoscalers'] {
  const blind: Partial<Record<Tier, Trouble>> = {};
  for (const autoscaler of autoscalers) {
    const tier = tierOf(autoscaler);
    const why = autoscaler.status?.conditions?.find((condition) => isBlind(condition, atMs));
    if (tier === undefined || why === undefined) continue;
    blind[tier] ??= { reason: REASON, message: messageOf(autoscaler.metadata.name, why) };
  }
  return blind;
}

function isBlind({ type, status, reason, lastTransitionTime }: Condition, atMs: number): boolean {
  if (type !== 'ScalingActive' || status !== 'False' || lastTransitionTime === undefined) return false;
  // Somebody has set the pods to none, which it leaves alone.
  if (reason === 'ScalingDisabled') return false;
  return atMs - Date.parse(lastTransitionTime) >= BLIND_AFTER_MS;
}

function messageOf(name: string, { reason, message = 'no reason given' }: Condition): string {
  return (
    `HorizontalPodAutoscaler ${name} cannot measure, and the number of pods stays as it is: ${inShort(message)} (${reason}). ` +
    'Next: install or mend metrics-server (kubectl top pods), and see that each container of these pods requests CPU'
  );
}
