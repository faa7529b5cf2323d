import type { RolloutErrorBudget } from '../api/generated/authcluster.ts';
import type { Traffic } from './traffic.ts';

/** Fewer than these are chance, however large a share of few requests they are. */
const LEAST_FAILURES = 5;
/** Differences below this are noise, however large in proportion. */
const LEAST_SLOWDOWN_SECONDS = 0.05;

/**
 * What speaks against the candidate, in a sentence, or undefined. Compared with the former colour and not with a fixed
 * number: what clients send is no fault of a revision.
 */
export function verdict(candidate: Traffic, former: Traffic, budget: RolloutErrorBudget): string | undefined {
  return errors(candidate, former, budget) ?? logins(candidate, former, budget) ?? slowness(candidate, former, budget);
}

function errors(candidate: Traffic, former: Traffic, budget: RolloutErrorBudget): string | undefined {
  if (candidate.requests < budget.minimumRequests || candidate.errors < LEAST_FAILURES) return undefined;
  const now = percent(candidate.errors, candidate.requests);
  const before = percent(former.errors, former.requests);
  if (now <= before + budget.errorPercent) return undefined;
  return `${inPercent(now)} of ${candidate.requests} requests failed, before it ${inPercent(before)}`;
}

function logins(candidate: Traffic, former: Traffic, budget: RolloutErrorBudget): string | undefined {
  // Wrong passwords are mostly the clients' doing: without a share of before there is nothing to hold this one against.
  const logins = Math.min(candidate.logins, former.logins);
  if (logins < budget.minimumRequests || candidate.failedLogins < LEAST_FAILURES) return undefined;
  const now = percent(candidate.failedLogins, candidate.logins);
  const before = percent(former.failedLogins, former.logins);
  if (now <= before + budget.loginFailurePercent) return undefined;
  return `${inPercent(now)} of ${candidate.logins} logins failed, before it ${inPercent(before)}`;
}

function slowness(candidate: Traffic, former: Traffic, budget: RolloutErrorBudget): string | undefined {
  for (const [operation, now] of Object.entries(candidate.durations)) {
    const before = former.durations[operation];
    if (before === undefined || Math.min(now.count, before.count) < budget.minimumRequests) continue;
    const meanNow = now.seconds / now.count;
    const meanBefore = before.seconds / before.count;
    const allowed = meanBefore * (1 + budget.slowdownPercent / 100);
    if (meanNow > Math.max(allowed, meanBefore + LEAST_SLOWDOWN_SECONDS)) {
      return `${operation} takes ${inMilliseconds(meanNow)} on average, before it ${inMilliseconds(meanBefore)}`;
    }
  }
  return undefined;
}

/** Of nothing, none failed. */
function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : (part / whole) * 100;
}

function inPercent(value: number): string {
  return `${value.toFixed(1)} %`;
}

function inMilliseconds(seconds: number): string {
  return `${Math.round(seconds * 1000)} ms`;
}
