import { z } from 'zod';

const count = z.number();

/** What pods have answered, from their own counters: since they began, or within some time. */
const trafficSchema = z.object({
  requests: count,
  /** Answers of class 5xx. */
  errors: count,
  logins: count,
  /** Logins that were refused or could not be decided. */
  failedLogins: count,
  /** By operation. */
  durations: z.record(z.string(), z.object({ count, seconds: count })),
});

export type Traffic = z.infer<typeof trafficSchema>;

export const NO_TRAFFIC: Traffic = { requests: 0, errors: 0, logins: 0, failedLogins: 0, durations: {} };

/** What the verdict on a new colour starts from. */
export const baselineSchema = z.object({
  /** Of the new colour when it got the traffic: since its pods began, the operator's own checks included. */
  candidate: trafficSchema,
  /** Of the former colour, within its last minutes with the traffic. */
  former: trafficSchema,
});

export type Baseline = z.infer<typeof baselineSchema>;

/** What came after `before`. Counters of a pod that was replaced begin at zero: nothing becomes negative. */
export function since(now: Traffic, before: Traffic): Traffic {
  const grown = (value: number, from: number) => Math.max(0, value - from);
  const durations = Object.entries(now.durations).map(([operation, { count, seconds }]) => {
    const from = before.durations[operation] ?? { count: 0, seconds: 0 };
    return [operation, { count: grown(count, from.count), seconds: grown(seconds, from.seconds) }] as const;
  });
  return {
    requests: grown(now.requests, before.requests),
    errors: grown(now.errors, before.errors),
    logins: grown(now.logins, before.logins),
    failedLogins: grown(now.failedLogins, before.failedLogins),
    durations: Object.fromEntries(durations),
  };
}

export function sum(parts: Iterable<Traffic>): Traffic {
  const total = structuredClone(NO_TRAFFIC);
  for (const { durations, ...counts } of parts) {
    for (const field of ['requests', 'errors', 'logins', 'failedLogins'] as const) total[field] += counts[field];
    for (const [operation, { count, seconds }] of Object.entries(durations)) {
      const so = total.durations[operation] ?? { count: 0, seconds: 0 };
      total.durations[operation] = { count: so.count + count, seconds: so.seconds + seconds };
    }
  }
  return total;
}
