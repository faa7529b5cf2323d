import type { EndpointResult, RunResult, Totals } from '../run/run-result.ts';
import { differentConditions } from './conditions.ts';
import { escapeHtml } from './escape-html.ts';
import { type Line, lineChart } from './line-chart.ts';
import { htmlPage, milliseconds, percent } from './run-report.ts';

export interface Difference {
  readonly what: string;
  readonly before: number;
  readonly after: number;
  readonly written: (value: number) => string;
  /** Whether a change this large in this direction is good, bad, or neither; `same` where the load was another. */
  readonly judgement: 'better' | 'worse' | 'same';
}

/** Changes below this share of the value are taken for noise. */
const NOISE = 0.05;

/** What two runs of the same scenario have both measured, side by side. */
export function differences(before: RunResult, after: RunResult): Difference[] {
  const found: Difference[] = [];
  const isAlike = differentConditions(before, after).length === 0;
  const add = (
    what: string,
    values: [number | undefined, number | undefined],
    written: (value: number) => string,
    good: Good,
  ) => {
    const [from, to] = values;
    if (from === undefined || to === undefined) return;
    found.push({ what, before: from, after: to, written, judgement: isAlike ? judged(from, to, good) : 'same' });
  };
  const endpoint = (name: string, key: keyof EndpointResult): [number | undefined, number | undefined] => [
    before.endpoints[name]?.[key],
    after.endpoints[name]?.[key],
  ];
  const total = (key: Exclude<keyof Totals, 'tierCores'>): [number | undefined, number | undefined] => [
    before.totals[key],
    after.totals[key],
  ];
  add('requests per second', endpoint('all', 'perSecond'), (value) => value.toFixed(1), 'neither');
  for (const name of Object.keys(before.endpoints)) {
    for (const [label, key] of [
      ['p50', 'p50Ms'],
      ['p95', 'p95Ms'],
      ['p99', 'p99Ms'],
    ] as const) {
      add(`${label} of ${name}`, endpoint(name, key), (value) => milliseconds(value) ?? '', 'less');
    }
    add(`errors of ${name}`, endpoint(name, 'failedShare'), (value) => percent(value) ?? '', 'less');
  }
  add('CPU of the auth API', total('apiCpuCores'), (value) => `${value.toFixed(2)} cores`, 'less');
  add('CPU of the machine', total('machineUtilisation'), (value) => percent(value) ?? '', 'less');
  add('memory per API pod', total('apiMemoryMibPerPod'), (value) => `${value.toFixed(0)} MiB`, 'less');
  add('mean query', total('meanQueryMs'), (value) => milliseconds(value) ?? '', 'less');
  add('cache hits', total('cacheHitShare'), (value) => percent(value) ?? '', 'more');
  return found;
}

type Good = 'less' | 'more' | 'neither';

function judged(before: number, after: number, good: Good): Difference['judgement'] {
  if (good === 'neither' || Math.abs(after - before) <= NOISE * Math.max(before, after)) return 'same';
  return after < before === (good === 'less') ? 'better' : 'worse';
}

/** Lines for a terminal, as wide as they must be. */
export function comparisonText(before: RunResult, after: RunResult): string {
  const lines = differences(before, after).map(({ what, before: from, after: to, written, judgement }) => {
    const mark = { better: '  better', worse: '  WORSE', same: '' }[judgement];
    return `${what.padEnd(22)} ${written(from).padStart(12)} -> ${written(to).padStart(12)}${mark}`;
  });
  return [...caution(before, after), ...lines].join('\n');
}

/** Nothing where the load was the same. */
function caution(before: RunResult, after: RunResult): string[] {
  const conditions = differentConditions(before, after);
  if (conditions.length === 0) return [];
  return [`The load was not the same, so nothing is called better or worse: ${conditions.join(', ')}.`];
}

/** Colours alone would not do. */
const WORDS = { better: ', better', worse: ', worse', same: '' } as const;

/** Two runs as one page. */
export function comparisonReport(before: RunResult, after: RunResult): string {
  const rows = differences(before, after).map(
    ({ what, before: from, after: to, written, judgement }) =>
      `<tr><td>${escapeHtml(what)}</td><td>${escapeHtml(written(from))}</td><td>${escapeHtml(written(to))}</td>` +
      `<td class="${judgement}">${escapeHtml(`${change(from, to)}${WORDS[judgement]}`)}</td></tr>`,
  );
  const heading =
    `<header><div><h1>${escapeHtml(after.scenario.name)}: two runs</h1>` +
    `<p class="soft">Before: ${describe(before)}<br>After: ${describe(after)}</p></div></header>`;
  const table = `<table><tr><th></th><th>Before</th><th>After</th><th>Change</th></tr>${rows.join('')}</table>`;
  const cautions = caution(before, after).map((text) => `<p class="missed-cell">${escapeHtml(text)}</p>`);
  const content = `${heading}${cautions.join('')}<h2>Latency of logins</h2>${latencies(before, after)}<h2>Figures</h2><div class="panel">${table}</div>`;
  return htmlPage(`${after.scenario.name}: two runs`, content);
}

function latencies(before: RunResult, after: RunResult): string {
  const line = (run: RunResult, label: string, style: string): Line => ({
    label,
    style,
    points: run.intervals.map(({ atSeconds, seconds, endpoints }) => [atSeconds + seconds / 2, endpoints.login?.p95Ms]),
  });
  return lineChart({
    title: 'p95',
    unit: ' ms',
    durationSeconds: Math.max(before.scenario.durationSeconds, after.scenario.durationSeconds),
    limit: { value: 500, label: 'p95 at most 500 ms' },
    lines: [line(before, 'before', 'c6'), line(after, 'after', 'c1')],
  });
}

function describe({ scenario, startedAt, system }: RunResult): string {
  return escapeHtml(`${system}, ${scenario.users} users, ${startedAt}`);
}

function change(before: number, after: number): string {
  if (before === 0) return after === 0 ? '0 %' : 'from nothing';
  const value = ((after - before) / before) * 100;
  return `${value > 0 ? '+' : ''}${value.toFixed(Math.abs(value) < 10 ? 1 : 0)} %`;
}
