import type { RunResult } from '../run/run-result.ts';
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

type Good = 'less' | 'more' | 'neither';

/** Something that a run has measured, and how more or less of it is to be taken. */
interface Figure {
  readonly value: number;
  readonly written: (value: number) => string;
  readonly good: Good;
}

/** What a run has measured, by what people call it. */
function figuresOf({ endpoints, totals }: RunResult): Map<string, Figure> {
  const figures = new Map<string, Figure>();
  const add = (what: string, value: number | undefined, written: Figure['written'], good: Good) => {
    if (value !== undefined) figures.set(what, { value, written, good });
  };
  const inMilliseconds = (value: number) => milliseconds(value) ?? '';
  const inPercent = (value: number) => percent(value) ?? '';
  add('requests per second', endpoints.all?.perSecond, (value) => value.toFixed(1), 'neither');
  for (const [name, { p50Ms, p95Ms, p99Ms, failedShare }] of Object.entries(endpoints)) {
    for (const [label, ms] of Object.entries({ p50: p50Ms, p95: p95Ms, p99: p99Ms })) {
      add(`${label} of ${name}`, ms, inMilliseconds, 'less');
    }
    add(`errors of ${name}`, failedShare, inPercent, 'less');
  }
  add('CPU of the auth API', totals.apiCpuCores, (value) => `${value.toFixed(2)} cores`, 'less');
  add('CPU of the machine', totals.machineUtilisation, inPercent, 'less');
  add('memory per API pod', totals.apiMemoryMibPerPod, (value) => `${value.toFixed(0)} MiB`, 'less');
  add('mean query', totals.meanQueryMs, inMilliseconds, 'less');
  add('cache hits', totals.cacheHitShare, inPercent, 'more');
  return figures;
}

/** What two runs of the same scenario have both measured, side by side. */
export function differences(before: RunResult, after: RunResult): Difference[] {
  const isAlike = differentConditions(before, after).length === 0;
  const found = figuresOf(after);
  return [...figuresOf(before)].flatMap(([what, { value: from, written, good }]) => {
    const to = found.get(what)?.value;
    if (to === undefined) return [];
    return [{ what, before: from, after: to, written, judgement: isAlike ? judged(from, to, good) : 'same' }];
  });
}

/** What one run alone has measured. */
function measuredOnce(before: RunResult, after: RunResult): string[] {
  const [first, second] = [figuresOf(before), figuresOf(after)];
  const alone = (when: string, here: Map<string, Figure>, there: Map<string, Figure>): string[] => {
    const names = [...here.keys()].filter((what) => !there.has(what));
    return names.length === 0 ? [] : [`Measured ${when} alone: ${names.join(', ')}.`];
  };
  return [...alone('before', first, second), ...alone('after', second, first)];
}

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
  return [...caution(before, after), ...lines, ...measuredOnce(before, after)].join('\n');
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
  const absent = measuredOnce(before, after).map((text) => `<p class="soft">${escapeHtml(text)}</p>`);
  const content = `${heading}${cautions.join('')}<h2>Latency of logins</h2>${latencies(before, after)}<h2>Figures</h2><div class="panel">${table}${absent.join('')}</div>`;
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
