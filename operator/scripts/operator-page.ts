import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import type { AuthCluster } from '../src/api/authcluster.ts';
import { EVENTS } from '../src/controller/announce.ts';
import { createMetrics } from '../src/observability/metrics.ts';

/** docs/reference/operator.md: what the operator tells of itself, read from what tells it. */
export async function operatorPage(): Promise<string> {
  const lines = [
    '# What the operator tells of itself',
    '',
    '<!-- Generated from operator/src by `npm run generate -w operator`. -->',
    '',
    ...(await metricSections()),
    '## Conditions',
    '',
    'Types and reasons are in the [AuthCluster reference](authcluster.md#conditions).',
    '',
    ...eventSection(),
    ...TRACES,
    ...LOGS,
  ];
  return `${lines.join('\n')}`;
}

const lastTransitionTime = '2026-01-01T00:00:00Z';
const READY = { type: 'Ready', status: 'True', reason: 'Ready', message: '', lastTransitionTime };
const PROGRESSING = { ...READY, type: 'Progressing', status: 'False', reason: 'Settled' };
const EXAMPLE = {
  metadata: { namespace: 'auth', name: 'demo' },
  status: { conditions: [READY, PROGRESSING] },
} as AuthCluster;

type Metric = MetricObjectWithValues<MetricValue<string>>;

async function metricSections(): Promise<string[]> {
  const metrics = createMetrics({ resources: ['pods'], concurrency: 1 });
  metrics.leading('authcluster-operator', false);
  metrics.restClient('kubernetes.default.svc');
  metrics.watchConditions(() => [EXAMPLE]);
  const all = (await metrics.registry.getMetricsAsJSON()) as Metric[];
  const own = all.filter(({ name }) => !/^(process|nodejs)_/.test(name));
  return [
    '## Metrics',
    '',
    "At `/metrics` of port 8080 of each replica, which the chart's headless Service makes targets of their own. Where",
    'controller-runtime and client-go have a name for something, it has that name, so that dashboards for operators in Go',
    "fit. All counters are there from the start, at zero. Beside these there are Node.js's own, `nodejs_*` and `process_*`.",
    '',
    '| metric | type | labels | what it tells |',
    '| --- | --- | --- | --- |',
    ...own.map((metric) => `| \`${metric.name}\` | ${String(metric.type)} | ${labels(metric)} | ${metric.help} |`),
    '',
    '`authcluster_condition` and `authcluster_baking` are those of every replica, whoever leads: take the maximum by `namespace` and `name`. Where Prometheus',
    'scrapes with `honor_labels`, as the PodMonitor and the scrape configuration here do, `namespace` is that of the AuthCluster.',
    '',
    'Only the leader reconciles: the other replica counts watches and answers of the API server alone.',
    '`authcluster_operator_writes_total` does not move while nothing changes: every write skipped is one that would change',
    'nothing. `controller_runtime_reconcile_panics_total` counts mistakes of this program: please report what its log says.',
    '',
  ];
}

/** Of what was counted from the start; buckets are the format's. */
function labels({ values }: Metric): string {
  const seen = new Map<string, Set<string>>();
  for (const { labels: own } of values) {
    for (const [label, value] of Object.entries(own)) {
      if (label !== 'le') seen.set(label, (seen.get(label) ?? new Set()).add(String(value)));
    }
  }
  const shown = [...seen].map(([label, known]) => {
    const examples = FIXED.has(label) ? ` ${[...known].map((value) => value.replace(/[<>]/g, '\\$&')).join(', ')}` : '';
    return `\`${label}\`${examples}`;
  });
  return shown.join('; ');
}

/** Labels whose values are all known from the start. */
const FIXED: ReadonlySet<string> = new Set(['result', 'verb', 'status']);

function eventSection(): string[] {
  return [
    '## Events',
    '',
    'Of `events.k8s.io/v1`, about the AuthCluster or the object concerned: `kubectl describe ac NAME`, or `kubectl events --for',
    'authcluster/NAME`. The same event within an hour is one, with a count.',
    '',
    '| reason | when |',
    '| --- | --- |',
    ...Object.entries(EVENTS).map(([reason, when]) => `| \`${reason}\` | ${when} |`),
    '| `FieldsTakenBack` | Of an object: somebody had set fields that the AuthCluster decides. The note names them and whoever it was. |',
    '| as in [Conditions](authcluster.md#conditions) | A step failed: `SecretMissing`, `StepFailed`, … |',
    '',
  ];
}

const TRACES = [
  '## Traces',
  '',
  "Off unless the chart's `tracing.endpoint` names a collector; then sent by OTLP over HTTP. Each look at an AuthCluster is",
  'a span `reconcile` with the attribute `authcluster` (namespace/name). In it is one for each step, such as `credentials`,',
  '`Redis topology`, `apply`, `status`, with `authcluster.tier`, and in those one for each call of the API server, with',
  '`http.request.method`, `url.path` and, where it was refused, `http.response.status_code`. What failed has the exception.',
  'Bodies, which may hold Secrets, are in none of them.',
  '',
];

const LOGS = [
  '## Logs',
  '',
  'One JSON object a line on standard output: `level`, `time`, `msg`, `authcluster` with the key where it is about one, and',
  "`trace_id` and `span_id` while tracing. The chart's `logLevel` is `info`; with `debug` each look at an AuthCluster has a",
  'line. Passwords, tokens and the data of Secrets are not logged; where an object with such a field is, it is replaced.',
  '',
];
