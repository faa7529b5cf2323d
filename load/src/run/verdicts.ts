import type { EndpointResult, Totals, Verdict } from './run-result.ts';

const REQUESTS = 'requests of this kind: none was made, see what k6 said, and that the service answers at the URL';
const API_CPU =
  'metrics-server, a CPU limit of every container of the auth API (spec.api.resources), and rights to read pods and metrics.k8s.io';
const CACHES =
  'the metrics of the auth API, by rights to create pods/portforward, and checks in the part of the run that is judged';

const ERROR_SHARE = 0.001;
/** Of mixed-error, 70 % have the right password, of the others all; a refusal by a limit costs nothing and is no error there. */
const LOGGED_IN_SHARE = 0.5;

export interface Circumstances {
  /** Then there is no excuse for not knowing what the cluster does. */
  readonly isClusterWatched: boolean;
  /** What k6 itself says of the thresholds in the scenario. */
  readonly thresholdsMet: boolean;
}

/** The thresholds of every run. */
export function verdictsOf(
  endpoints: Readonly<Record<string, EndpointResult>>,
  totals: Totals,
  { isClusterWatched, thresholdsMet }: Circumstances,
): Verdict[] {
  const { all, login } = endpoints;
  const [local, loggedIn] = [totals.machineUtilisation, totals.loggedInShare];
  const ofCluster = (needs: string) => (isClusterWatched ? needs : undefined);
  const verdicts = [
    below('p95 of all requests', all?.p95Ms, [500, milliseconds], REQUESTS),
    below('p99 of all requests', all?.p99Ms, [1000, milliseconds], REQUESTS),
    below('p95 of logins', login?.p95Ms, [500, milliseconds], REQUESTS),
    below('p99 of logins', login?.p99Ms, [1000, milliseconds], REQUESTS),
    ...(loggedIn === undefined ? [] : [above('logins that brought tokens', loggedIn, [LOGGED_IN_SHARE, percent])]),
    below('errors', all?.failedShare, [ERROR_SHARE, percent], REQUESTS),
    ...errorsByEndpoint(endpoints),
    below('time-outs', all?.timeoutShare, [0.001, percent], REQUESTS),
    below('CPU of the auth API, of its limit', totals.apiCpuShareOfLimit, [0.8, percent], ofCluster(API_CPU)),
    ...(local === undefined ? [] : [below('CPU of the machine under test', local, [0.8, percent])]),
    above('cache hits', totals.cacheHitShare, [0.9, percent], ofCluster(CACHES)),
  ];
  // The scenario has the same limits for whoever runs it without this; should one of them be stricter, it still counts.
  if (thresholdsMet || verdicts.some(({ kind }) => kind === 'missed')) return verdicts;
  return [...verdicts, { kind: 'missed', what: 'thresholds of the scenario in k6', limit: 'met', value: 'missed' }];
}

/** Service level objectives that are no thresholds: shown, and no run fails for them. */
export function objectivesOf({ verify }: Readonly<Record<string, EndpointResult>>): Verdict[] {
  return [below('SLO verify-latency: p99 of verify', verify?.p99Ms, [50, milliseconds])];
}

/** In all requests together, the many checks would hide the few logins that failed. */
function errorsByEndpoint(endpoints: Readonly<Record<string, EndpointResult>>): Verdict[] {
  return Object.entries(endpoints)
    .filter(([name]) => name !== 'all')
    .map(([name, { requests, failedShare }]) => {
      const failed = Math.round(requests * failedShare);
      // One of fewer is more than the share, and says nothing about it.
      const isFew = requests < 1 / ERROR_SHARE;
      const isMet = isFew ? failed <= 1 : failedShare < ERROR_SHARE;
      return {
        kind: isMet ? 'met' : 'missed',
        what: `errors of ${name}`,
        limit: isFew ? `at most 1 of fewer than ${1 / ERROR_SHARE}` : `below ${percent(ERROR_SHARE)}`,
        value: `${failed} of ${requests}, ${percent(failedShare)}`,
      };
    });
}

/** Whether the run fails for it: it was missed, or not measured where it had to be. */
export function isFailure(verdict: Verdict): boolean {
  return verdict.kind === 'missed' || (verdict.kind === 'notMeasured' && verdict.needs !== undefined);
}

type Limit = readonly [limit: number, written: (value: number) => string];

function below(what: string, value: number | undefined, [limit, written]: Limit, needs?: string): Verdict {
  return compared({ what, limit: `below ${written(limit)}` }, value, {
    written,
    isMet: (found) => found < limit,
    needs,
  });
}

function above(what: string, value: number | undefined, [limit, written]: Limit, needs?: string): Verdict {
  return compared({ what, limit: `above ${written(limit)}` }, value, {
    written,
    isMet: (found) => found > limit,
    needs,
  });
}

interface Comparison {
  readonly written: (value: number) => string;
  readonly isMet: (value: number) => boolean;
  readonly needs: string | undefined;
}

function compared(
  threshold: Pick<Verdict, 'what' | 'limit'>,
  value: number | undefined,
  { written, isMet, needs }: Comparison,
): Verdict {
  if (value !== undefined) return { kind: isMet(value) ? 'met' : 'missed', ...threshold, value: written(value) };
  return { kind: 'notMeasured', ...threshold, ...(needs === undefined ? {} : { needs }) };
}

function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

function percent(value: number): string {
  return `${Number((value * 100).toFixed(value < 0.01 ? 3 : 1))} %`;
}
