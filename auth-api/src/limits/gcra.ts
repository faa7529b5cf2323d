/** So many in a period, of which all may come at once. */
export interface RateRule {
  readonly limit: number;
  readonly periodSeconds: number;
}

export type GcraStep =
  /** To be remembered until `arrivalMs`; after that it says nothing any more. */
  | { readonly kind: 'allowed'; readonly arrivalMs: number }
  | { readonly kind: 'limited'; readonly retryAfterMs: number };

/**
 * The generic cell rate algorithm (ITU-T I.371): one number a subject, the theoretical arrival time of its next
 * request if all came evenly; a request is allowed while that is less than a period ahead.
 * @param arrivalMs what the last allowed step returned; undefined for a subject not seen
 */
export function gcra(rule: RateRule, arrivalMs: number | undefined, nowMs: number): GcraStep {
  const periodMs = rule.periodSeconds * 1000;
  const nextArrivalMs = Math.max(nowMs, arrivalMs ?? nowMs) + periodMs / rule.limit;
  const allowedFromMs = nextArrivalMs - periodMs;
  if (nowMs < allowedFromMs) return { kind: 'limited', retryAfterMs: allowedFromMs - nowMs };
  return { kind: 'allowed', arrivalMs: nextArrivalMs };
}

/** @throws RangeError for a limit or a period that is not above 0 */
export function checkRateRule(name: string, rule: RateRule): void {
  if (!Number.isInteger(rule.limit) || rule.limit < 1) {
    throw new RangeError(`the limit of ${name} must be 1 or more, not ${rule.limit}`);
  }
  if (!(Number.isFinite(rule.periodSeconds) && rule.periodSeconds > 0)) {
    throw new RangeError(`the period of ${name} must be above 0, not ${rule.periodSeconds}`);
  }
}
