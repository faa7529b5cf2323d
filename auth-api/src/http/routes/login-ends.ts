import type { Overload } from '../../domain/ports/overload.ts';
import type { AuthenticationMetrics } from '../../observability/metrics.ts';
import { type Answer, comeBackLater } from '../problem.ts';

/** Where there is too much to do for a password to be hashed. */
export function turnedAway({
  overload,
  metrics,
}: {
  readonly overload: Overload;
  readonly metrics: AuthenticationMetrics;
}): Answer | undefined {
  const cause = overload.cause();
  if (cause === undefined) return undefined;
  metrics.authenticated(cause);
  return comeBackLater('overloaded', 1);
}

/** A step of a login, which is counted also where it has no outcome. */
export async function countingOutage<Outcome>(
  step: Promise<Outcome>,
  { metrics }: { readonly metrics: AuthenticationMetrics },
): Promise<Outcome> {
  try {
    return await step;
  } catch (error) {
    metrics.authenticated('unavailable');
    throw error;
  }
}
