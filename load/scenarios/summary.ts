import type { Settings } from './settings.ts';

interface Metric {
  readonly values: Record<string, number>;
  readonly thresholds?: Record<string, { readonly ok: boolean }>;
}

export interface K6Summary {
  readonly metrics: Record<string, Metric>;
}

/** What comes before it, where the summary is a line of the log. */
export const SUMMARY_LINE = 'SUMMARY ';

/** What k6 writes at the end: every metric as JSON into SUMMARY_FILE, and a line per endpoint for the reader. */
export function summaryFiles(settings: Settings, data: K6Summary): Record<string, string> {
  const { name, users, durationSeconds, timeScale } = settings;
  const summary = { scenario: { name, users, durationSeconds, timeScale }, metrics: data.metrics };
  const said = settings.isSummarySaid ? [`${SUMMARY_LINE}${JSON.stringify(summary)}`] : [];
  return {
    stdout: `${[...endpointLines(data), ...missedLines(data), ...said].join('\n')}\n`,
    ...(settings.summaryFile === undefined ? {} : { [settings.summaryFile]: JSON.stringify(summary, null, 2) }),
  };
}

function endpointLines({ metrics }: K6Summary): string[] {
  return Object.entries(metrics).flatMap(([name, { values }]) => {
    const endpoint = /^http_req_duration\{name:(\w+)\}$/.exec(name)?.[1];
    if (endpoint === undefined || !values.count) return [];
    const failed = metrics[`http_req_failed{name:${endpoint}}`]?.values.rate ?? 0;
    const ms = (statistic: string) => `${(values[statistic] ?? 0).toFixed(1)} ms`;
    return [
      `${endpoint.padEnd(8)} ${String(values.count).padStart(8)} requests  p50 ${ms('med')}  p95 ${ms('p(95)')}  ` +
        `p99 ${ms('p(99)')}  failed ${(failed * 100).toFixed(3)} %`,
    ];
  });
}

function missedLines({ metrics }: K6Summary): string[] {
  return Object.entries(metrics).flatMap(([name, { thresholds = {} }]) =>
    Object.entries(thresholds)
      .filter(([, { ok }]) => !ok)
      .map(([rule]) => `MISSED ${name} ${rule}`),
  );
}
