/** A recording or alerting rule, as Prometheus' rule files have them. */
export type Rule = RecordingRule | AlertingRule;

export interface RecordingRule {
  record: string;
  expr: string;
  labels?: Readonly<Record<string, string>>;
}

export interface AlertingRule {
  alert: string;
  expr: string;
  for?: string;
  labels: Readonly<Record<string, string>> & { severity: Severity };
  annotations: Readonly<Record<string, string>>;
}

/** `critical`: users are affected, or soon will be: wake somebody. `warning`: within the working day. */
export type Severity = 'critical' | 'warning';

export interface RuleGroup {
  name: string;
  rules: readonly Rule[];
}

const RUNBOOKS = 'https://github.com/authcluster/authcluster/blob/main/docs/runbooks';

export interface AlertOptions {
  expr: string;
  /** How long it must hold. */
  for: string;
  severity: Severity;
  labels?: Readonly<Record<string, string>>;
  summary: string;
}

/** An alert with its page under docs/runbooks/, which has its name. */
export function alert(name: string, { expr, for: duration, severity, labels, summary }: AlertOptions): AlertingRule {
  return {
    alert: name,
    expr,
    for: duration,
    labels: { severity, ...labels },
    annotations: { summary, runbook_url: `${RUNBOOKS}/${name}.md` },
  };
}
