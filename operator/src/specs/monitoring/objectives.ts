import { type AlertingRule, alert, type RecordingRule, type RuleGroup, type Severity } from './rule.ts';
import { BY_CLUSTER, type Scope } from './scope.ts';

/** A service level objective: of all `requests`, at most the share `1 - target` may be `bad`. */
interface Objective {
  /** The value of the label `slo`. */
  slo: string;
  target: number;
  alert: string;
  /** For a person: what is bad. */
  bad: string;
  /** The share of bad requests within a window: as the gateway saw them, or, where there is none, as the API did. */
  badShare: (scope: Scope, window: string) => string;
}

const OBJECTIVES: readonly Objective[] = [
  {
    slo: 'login-success',
    target: 0.999,
    alert: 'AuthClusterLoginFailures',
    bad: 'log-ins fail, by no fault of who logs in',
    badShare: (scope, window) =>
      firstOf(
        failedShare('gateway_requests_total', `${scope},route="login"`, window),
        failedShare('http_requests_total', `${scope},operation="login"`, window),
      ),
  },
  {
    slo: 'login-latency',
    target: 0.95,
    alert: 'AuthClusterLoginSlow',
    bad: 'log-ins take more than 500 ms',
    badShare: (scope, window) =>
      firstOf(
        slowShare('gateway_request_duration_seconds', `${scope},route="login"`, '0.5', window),
        slowShare('auth_duration_seconds', `${scope},operation="login"`, '0.5', window),
      ),
  },
  {
    slo: 'verify-latency',
    target: 0.99,
    alert: 'AuthClusterVerifySlow',
    bad: 'token checks take more than 50 ms',
    badShare: (scope, window) =>
      firstOf(
        slowShare('gateway_request_duration_seconds', `${scope},route="verify"`, '0.05', window),
        slowShare('auth_duration_seconds', `${scope},operation="verify"`, '0.05', window),
      ),
  },
];

interface Burn {
  severity: Severity;
  /** How many times faster than the budget of 30 days allows. */
  factor: number;
  /** The long window tells that it matters, the short one that it still goes on. */
  long: string;
  short: string;
  for: string;
}

/** Google's SRE workbook, chapter 5: 2 % of the budget in 1 h, 5 % in 6 h, 10 % in 1 d, 10 % in 3 d. */
const BURNS: readonly Burn[] = [
  { severity: 'critical', factor: 14.4, long: '1h', short: '5m', for: '2m' },
  { severity: 'critical', factor: 6, long: '6h', short: '30m', for: '15m' },
  { severity: 'warning', factor: 3, long: '1d', short: '2h', for: '1h' },
  { severity: 'warning', factor: 1, long: '3d', short: '6h', for: '3h' },
];

const WINDOWS = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const;

/** The name under which the share of bad requests within a window is recorded. */
export function recordedShare(window: string): string {
  return `authcluster:slo_bad_requests:ratio_rate${window}`;
}

/** Shares of bad requests, and alerts where they use the error budget up too fast. */
export function objectiveGroups(scope: Scope): RuleGroup[] {
  return [
    { name: 'authcluster-objectives', rules: OBJECTIVES.flatMap((objective) => recordings(objective, scope)) },
    { name: 'authcluster-error-budgets', rules: OBJECTIVES.flatMap((objective) => burns(objective, scope)) },
  ];
}

function recordings({ slo, badShare }: Objective, scope: Scope): RecordingRule[] {
  return WINDOWS.map((window) => ({
    record: recordedShare(window),
    expr: badShare(scope, window),
    labels: { slo },
  }));
}

function burns({ slo, target, alert: name, bad }: Objective, scope: Scope): AlertingRule[] {
  return BURNS.map(({ severity, factor, long, short, for: duration }) => {
    const limit = `${factor} * ${Number((1 - target).toFixed(4))}`;
    const tooMany = (window: string) => `${recordedShare(window)}{${scope},slo="${slo}"} > ${limit}`;
    return alert(name, {
      expr: `${tooMany(long)} and ${tooMany(short)}`,
      for: duration,
      severity,
      labels: { slo, long_window: long },
      summary:
        `{{ $labels.namespace }}/{{ $labels.authcluster }}: ${bad} ` +
        `({{ $value | humanizePercentage }} within ${long}; the objective allows ${Number(((1 - target) * 100).toFixed(2))} %)`,
    });
  });
}

function firstOf(...expressions: readonly string[]): string {
  return expressions.map((each) => `(${each})`).join(' or ');
}

/** Of a counter with the label `code`. No failure is 0, not nothing. */
function failedShare(metric: string, selector: string, window: string): string {
  const all = `sum ${BY_CLUSTER} (rate(${metric}{${selector}}[${window}]))`;
  const failed = `sum ${BY_CLUSTER} (rate(${metric}{${selector},code=~"5.."}[${window}]))`;
  return `(${failed} or 0 * ${all}) / (${all} > 0)`;
}

/** Of a histogram that has a bucket which ends at `seconds`. */
function slowShare(metric: string, selector: string, seconds: string, window: string): string {
  const all = `sum ${BY_CLUSTER} (rate(${metric}_count{${selector}}[${window}]))`;
  const fast = `sum ${BY_CLUSTER} (rate(${metric}_bucket{${selector},le="${seconds}"}[${window}]))`;
  return `1 - ${fast} / (${all} > 0)`;
}
