import type { JudgedPart } from '../run/judged-part.ts';
import type { EndpointResult, RunResult, Totals, Verdict } from '../run/run-result.ts';
import { isFailure } from '../run/verdicts.ts';
import { escapeHtml } from './escape-html.ts';
import { REPORT_STYLE } from './report-style.ts';
import { errorBudgetChart, latencyCharts, trafficCharts } from './run-charts.ts';
import { dependencyCharts, tierCharts } from './system-charts.ts';
import { tierTable } from './tier-table.ts';

/** One run as a page that needs nothing else: no script, no file, no network. */
export function runReport(run: RunResult): string {
  return htmlPage(
    `${run.scenario.name}, ${run.startedAt}`,
    [
      heading(run),
      cards(run),
      `<h2>Thresholds</h2><div class="panel">${verdictTable(run)}${notes(run)}</div>`,
      `<h2>By endpoint</h2><div class="panel">${endpointTable(run.endpoints)}</div>`,
      `<h2>Latency, and the pods behind it</h2>${latencyCharts(run)}`,
      `<h2>Traffic and errors</h2>${trafficCharts(run)}${errorBudgetChart(run)}`,
      `<h2>Tiers</h2>${tierTable(run)}${tierCharts(run)}`,
      `<h2>Inside the auth API</h2>${dependencyCharts(run)}`,
      footer(run),
    ].join('\n'),
  );
}

export function htmlPage(title: string, content: string): string {
  return (
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>${escapeHtml(title)}</title><style>${REPORT_STYLE}</style></head><body><main>\n${content}\n</main></body></html>\n`
  );
}

function heading({ scenario, startedAt, baseUrl, system, verdicts }: RunResult): string {
  const colour = verdicts.some(isFailure) ? 'verdict missed' : 'verdict';
  const verdict = `<span class="${colour}">${headline(verdicts)}</span>`;
  const minutes = (seconds: number) => Number((seconds / 60).toFixed(1));
  const { rampDownSeconds = 0 } = scenario;
  const leaving = rampDownSeconds === 0 ? '' : `, who leave in the last ${minutes(rampDownSeconds)} min,`;
  return (
    `<header><div><h1>${escapeHtml(title(scenario.name))}</h1>` +
    `<p class="soft">${scenario.users} users for ${minutes(scenario.durationSeconds)} min${leaving} (scale ${scenario.scale}, time scale ${scenario.timeScale})` +
    ` against ${escapeHtml(baseUrl)}<br>${escapeHtml(system)}, ${escapeHtml(when(startedAt))}</p></div>${verdict}</header>`
  );
}

function headline(verdicts: readonly Verdict[]): string {
  const failures = verdicts.filter(isFailure);
  const missed = failures.filter(({ kind }) => kind === 'missed').length;
  const unmeasured = failures.length - missed;
  const counts = [
    ...(missed > 0 ? [`${missed} missed`] : []),
    ...(unmeasured > 0 ? [`${unmeasured} not measured`] : []),
  ];
  if (counts.length > 0) return counts.join(', ');
  return verdicts.some(({ kind }) => kind === 'notMeasured') ? 'passed what was measured' : 'passed';
}

function title(name: string): string {
  const words = name.replaceAll('-', ' ');
  return `Load test: ${words}`;
}

function cards({ endpoints, totals }: RunResult): string {
  const { all, login } = endpoints;
  const figures: [string, string | undefined][] = [
    ['requests per second', all?.perSecond.toFixed(1)],
    ['logins per second', login?.perSecond.toFixed(2)],
    ['p95 of logins', milliseconds(login?.p95Ms)],
    ['p95 of all requests', milliseconds(all?.p95Ms)],
    ['errors', percent(all?.failedShare)],
    ['logins that succeeded', percent(totals.loginSuccessShare)],
    ['refreshes that succeeded', percent(totals.refreshSuccessShare)],
    ['expected refusals', String(totals.expectedRefusals)],
    ...totalCards(totals),
  ];
  const cells = figures
    .filter((figure): figure is [string, string] => figure[1] !== undefined)
    .map(([label, value]) => `<div class="card"><b>${escapeHtml(value)}</b><span>${escapeHtml(label)}</span></div>`);
  return `<div class="cards">${cells.join('')}</div>`;
}

function totalCards(totals: Totals): [string, string | undefined][] {
  const number = (value: number | undefined, digits: number, unit: string) =>
    value === undefined ? undefined : `${value.toFixed(digits)} ${unit}`;
  return [
    ['session, median', number(totals.sessionP50Seconds, 0, 's')],
    ['CPU of the auth API', number(totals.apiCpuCores, 2, 'cores')],
    ['CPU of the auth API as modelled', number(totals.predictedApiCpuCores, 2, 'cores')],
    ['of that, hashing', percent(totals.predictedHashingShare)],
    ['CPU of the machine', percent(totals.machineUtilisation)],
    ['of that, hashing', percent(totals.hashingShareOfMachine)],
    ['memory per API pod', number(totals.apiMemoryMibPerPod, 0, 'MiB')],
    ['most database connections', totals.mostActiveConnections?.toString()],
    ['mean query', number(totals.meanQueryMs, 2, 'ms')],
    ['cache hits', percent(totals.cacheHitShare)],
    ["sessions in a pod's memory", percent(totals.memoryHitShare)],
  ];
}

function verdictTable({ verdicts, objectives }: RunResult): string {
  const row = (verdict: Verdict, colour: string) => {
    const value = verdict.kind === 'notMeasured' ? '' : verdict.value;
    const cells = [verdict.what, value, verdict.limit].map((cell) => `<td>${escapeHtml(cell)}</td>`).join('');
    return `<tr>${cells}<td class="${colour}">${OUTCOMES[verdict.kind]}</td></tr>`;
  };
  const rows = [
    ...verdicts.map((verdict) => row(verdict, colourOf(verdict))),
    ...objectives.map((objective) => row(objective, objective.kind === 'met' ? 'met' : 'soft')),
  ];
  return `<table><tr><th>Threshold</th><th>Measured</th><th>Must be</th><th>Outcome</th></tr>${rows.join('')}</table>`;
}

function notes({ judged, verdicts }: RunResult): string {
  const unmeasured = verdicts.flatMap((verdict) =>
    verdict.kind === 'notMeasured' && verdict.needs !== undefined
      ? [`To measure ${verdict.what} takes ${verdict.needs}.`]
      : [],
  );
  return [judgedText(judged), OBJECTIVES, ...unmeasured]
    .map((note) => `<p class="soft">${escapeHtml(note)}</p>`)
    .join('');
}

/** Which part of the run counts for which figures. */
function judgedText({ what, spans }: JudgedPart): string {
  const seconds = (value: number) => Number(value.toFixed(1));
  const times = spans.map(({ fromSeconds, toSeconds }) => `${seconds(fromSeconds)} to ${seconds(toSeconds)} s`);
  return (
    `Requests count from beginning to end. CPU, cache hits, queries, connections and memory are those of ${what}: ` +
    `${times.join(' and ')} after the start.`
  );
}

const OBJECTIVES =
  'A row of an SLO does not decide whether the run passed: what makes the load may share a machine with what answers it.';

const OUTCOMES = { met: 'met', missed: 'missed', notMeasured: 'not measured' } as const;

function colourOf(verdict: Verdict): string {
  if (verdict.kind === 'met') return 'met';
  return isFailure(verdict) ? 'missed-cell' : 'soft';
}

function endpointTable(endpoints: RunResult['endpoints']): string {
  const names = [...Object.keys(endpoints).filter((name) => name !== 'all'), ...('all' in endpoints ? ['all'] : [])];
  const rows = names.flatMap((name) => {
    const endpoint = endpoints[name];
    return endpoint === undefined ? [] : [endpointRow(name, endpoint)];
  });
  const heads = [
    'Endpoint',
    'Requests',
    'Per second',
    'p50',
    'p95',
    'p99',
    'Slowest',
    'Succeeded',
    'Failed',
    'Time-outs',
  ];
  return `<table><tr>${heads.map((head) => `<th>${head}</th>`).join('')}</tr>${rows.join('')}</table>`;
}

function endpointRow(name: string, endpoint: EndpointResult): string {
  const cells = [
    name,
    String(endpoint.requests),
    endpoint.perSecond.toFixed(2),
    ...[endpoint.p50Ms, endpoint.p95Ms, endpoint.p99Ms, endpoint.maxMs].map((ms) => milliseconds(ms) ?? ''),
    percent(1 - endpoint.failedShare) ?? '',
    percent(endpoint.failedShare) ?? '',
    percent(endpoint.timeoutShare) ?? '',
  ];
  return `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
}

function footer({ samples, intervals }: RunResult): string {
  return (
    `<footer>Errors are answers that the scenario does not ask for, 503s and time-outs among them; refused wrong passwords ` +
    `are none. ${intervals.length} intervals of requests, ${samples.length} looks at the system.</footer>`
  );
}

export function milliseconds(value: number | undefined): string | undefined {
  if (value === undefined) return undefined;
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

export function percent(share: number | undefined): string | undefined {
  if (share === undefined) return undefined;
  return `${Number((share * 100).toFixed(share < 0.01 ? 3 : 2))} %`;
}

function when(startedAt: string): string {
  return startedAt.replace('T', ' ').replace(/(:\d\d)(\.\d+)?Z$/, '$1 UTC');
}
