import { type AlertingRule, alert, type RecordingRule, type RuleGroup, type Severity } from './rule.ts';
import { BY_CLUSTER, type Scope } from './scope.ts';

/** PromQL of requests per second within a window: of all, and of those that were bad. */
interface Rates {
  all: (window: string) => string;
  bad: (window: string) => string;
}

/** A service level objective: of all requests, at most the share `1 - target` may be bad. */
interface Objective {
  /** The value of the label `slo`. */
  slo: string;
  target: number;
  alert: string;
  /** For a person: what is bad. */
  bad: string;
  /** As the gateway saw them, and, for where there is none, as the API did. */
  rates: (scope: Scope) => readonly Rates[];
}

const OBJECTIVES: readonly Objective[] = [
  {
    slo: 'login-success',
    target: 0.999,
    alert: 'AuthClusterLoginFailures',
    bad: 'log-ins fail, by no fault of who logs in',
    rates: (scope) => [failures('gateway', `${scope},route="login"`), failures('http', `${scope},operation="login"`)],
  },
  {
    slo: 'login-latency',
    target: 0.95,
    alert: 'AuthClusterLoginSlow',
    bad: 'log-ins take more than 500 ms',
    rates: (scope) => [
      slowness('gateway_request_duration_seconds', `${scope},route="login"`, '0.5'),
      slowness('auth_duration_seconds', `${scope},operation="login"`, '0.5'),
    ],
  },
  {
    slo: 'verify-latency',
    target: 0.99,
    alert: 'AuthClusterVerifySlow',
    bad: 'token checks take more than 50 ms',
    rates: (scope) => [
      slowness('gateway_request_duration_seconds', `${scope},route="verify"`, '0.05'),
      slowness('auth_duration_seconds', `${scope},operation="verify"`, '0.05'),
    ],
  },
];

interface Burn {
  severity: Severity;
  /** How many times faster than the budget of 30 days allows. */
  factor: number;
  /** The long window tells that it matters, the short one that it still goes on. */
  long: string;
  longSeconds: number;
  short: string;
  for: string;
}

/** Google's SRE workbook, chapter 5: 2 % of the budget in 1 h, 5 % in 6 h, 10 % in 1 d, 10 % in 3 d. */
const BURNS: readonly Burn[] = [
  { severity: 'critical', factor: 14.4, long: '1h', longSeconds: 3_600, short: '5m', for: '2m' },
  { severity: 'critical', factor: 6, long: '6h', longSeconds: 21_600, short: '30m', for: '15m' },
  { severity: 'warning', factor: 3, long: '1d', longSeconds: 86_400, short: '2h', for: '1h' },
  { severity: 'warning', factor: 1, long: '3d', longSeconds: 259_200, short: '6h', for: '3h' },
];

const WINDOWS = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const;

/** In an hour without many log-ins one that fails is a large share of them, and still chance: nobody is woken for fewer. */
const LEAST_BAD_REQUESTS = 5;

/** The name under which the share of bad requests within a window is recorded. */
export function recordedShare(window: string): string {
  return `authcluster:slo_bad_requests:ratio_rate${window}`;
}

/** For a person: what each objective allows of bad requests. */
export function allowedShares(): string {
  return OBJECTIVES.map((objective) => `${objective.slo} ${allowedPercent(objective)}`).join(', ');
}

function allowedPercent({ target }: Objective): string {
  return `${Number(((1 - target) * 100).toFixed(2))} %`;
}

/** The name under which the number of bad requests within a long window is recorded. */
function recordedNumber(window: string): string {
  return `authcluster:slo_bad_requests:increase${window}`;
}

/** Shares and numbers of bad requests, and alerts where they use the error budget up too fast. */
export function objectiveGroups(scope: Scope): RuleGroup[] {
  return [
    { name: 'authcluster-objectives', rules: OBJECTIVES.flatMap((objective) => recordings(objective, scope)) },
    { name: 'authcluster-error-budgets', rules: OBJECTIVES.flatMap((objective) => burns(objective, scope)) },
  ];
}

function recordings({ slo, rates }: Objective, scope: Scope): RecordingRule[] {
  const shares = WINDOWS.map((window) => ({
    record: recordedShare(window),
    expr: firstOf(rates(scope).map(({ all, bad }) => `${bad(window)} / (${all(window)} > 0)`)),
    labels: { slo },
  }));
  // Of the same source as the share.
  const numbers = BURNS.map(({ long, longSeconds }) => ({
    record: recordedNumber(long),
    expr: firstOf(rates(scope).map(({ all, bad }) => `${bad(long)} * ${longSeconds} and ${all(long)} > 0`)),
    labels: { slo },
  }));
  return [...shares, ...numbers];
}

function burns(objective: Objective, scope: Scope): AlertingRule[] {
  const { slo, target, alert: name, bad } = objective;
  return BURNS.map(({ severity, factor, long, short, for: duration }) => {
    const limit = `${factor} * ${Number((1 - target).toFixed(4))}`;
    const tooMany = (window: string) => `${recordedShare(window)}{${scope},slo="${slo}"} > ${limit}`;
    const enough = `${recordedNumber(long)}{${scope},slo="${slo}"} >= ${LEAST_BAD_REQUESTS}`;
    return alert(name, {
      expr: `${tooMany(long)} and ${tooMany(short)} and ${enough}`,
      for: duration,
      severity,
      labels: { slo, long_window: long },
      summary:
        `{{ $labels.namespace }}/{{ $labels.authcluster }}: ${bad} ` +
        `({{ $value | humanizePercentage }} within ${long}; the objective allows ${allowedPercent(objective)})`,
    });
  });
}

function firstOf(expressions: readonly string[]): string {
  return expressions.map((each) => `(${each})`).join(' or ');
}

function perSecond(metric: string, selector: string, window: string): string {
  return `sum ${BY_CLUSTER} (rate(${metric}{${selector}}[${window}]))`;
}

/** What was answered with 5xx, and what its client gave up: the former has another `code` than the latter. */
function failures(counter: 'gateway' | 'http', selector: string): Rates {
  const all = (window: string) => perSecond(`${counter}_requests_total`, selector, window);
  // Nothing that failed is 0, not nothing.
  const some = (metric: string, which: string, window: string) =>
    `(${perSecond(metric, which, window)} or 0 * ${all(window)})`;
  const failed = (window: string) => some(`${counter}_requests_total`, `${selector},code=~"5.."`, window);
  const abandoned = (window: string) => some(`${counter}_abandoned_requests_total`, selector, window);
  return { all, bad: (window) => `(${failed(window)} + ${abandoned(window)})` };
}

/** By a histogram that has a bucket which ends at `seconds`. */
function slowness(histogram: string, selector: string, seconds: string): Rates {
  const all = (window: string) => perSecond(`${histogram}_count`, selector, window);
  const fast = (window: string) => perSecond(`${histogram}_bucket`, `${selector},le="${seconds}"`, window);
  return { all, bad: (window) => `(${all(window)} - ${fast(window)})` };
}
