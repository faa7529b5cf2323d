import { absentLines, describedLines } from './chart-words.ts';
import { escapeHtml } from './escape-html.ts';
import { niceTicks } from './ticks.ts';

export interface Line {
  readonly label: string;
  /** CSS class that gives the colour: c1 to c7. */
  readonly style: string;
  /** x in seconds since the start; a y of undefined interrupts the line. */
  readonly points: readonly (readonly [x: number, y: number | undefined])[];
  /** Steps for counts that hold until they change, such as replicas. */
  readonly stepped?: boolean;
  /** Filled down to zero. */
  readonly filled?: boolean;
}

export interface LineChart {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  /** Why a line may have no value at all; unless given, that it was not measured. */
  readonly absence?: string;
  /** A dashed line at what must not be exceeded. */
  readonly limit?: { readonly value: number; readonly label: string };
  readonly durationSeconds: number;
  readonly height?: number;
  /** Least top of the scale, so that a flat line is not drawn as a mountain. */
  readonly atLeast?: number;
}

const WIDTH = 860;
const LEFT = 76;
const RIGHT = 24;
const TOP = 12;
const BOTTOM = 28;

/** A chart over the time of a run, as SVG. Lines without any value are left out, and a note names them. */
export function lineChart(chart: LineChart): string {
  const lines = chart.lines.filter(({ points }) => points.some(([, y]) => y !== undefined));
  if (lines.length === 0) return figure(chart.title, '<p class="absent">Not measured in this run.</p>', []);
  const absent = absentLines(chart.lines, chart.absence ?? 'not measured in this run');
  const height = chart.height ?? 240;
  const values = lines.flatMap(({ points }) => points.flatMap(([, y]) => (y === undefined ? [] : [y])));
  const ticks = niceTicks(Math.max(...values, chart.limit?.value ?? 0, chart.atLeast ?? 0), height < 160 ? 3 : 5);
  const top = ticks.at(-1) ?? 1;
  const x = (seconds: number) => LEFT + (seconds / chart.durationSeconds) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => TOP + (1 - value / top) * (height - TOP - BOTTOM);
  const svg = [
    `<svg viewBox="0 0 ${WIDTH} ${height}" role="img"><title>${escapeHtml(chart.title)}</title>`,
    `<desc>${escapeHtml(describedLines(lines, chart.unit))}</desc>`,
    ...ticks.map((tick) => horizontal(tick, y(tick), chart.unit)),
    ...timeTicks(chart.durationSeconds).map((seconds) => vertical(seconds, x(seconds), height)),
    ...lines.map((line) => path(line, x, y)),
    ...(chart.limit === undefined ? [] : [limitLine(chart.limit, y(chart.limit.value))]),
    '</svg>',
    ...(absent === '' ? [] : [`<p class="soft">${escapeHtml(absent)}</p>`]),
  ].join('');
  return figure(chart.title, svg, lines);
}

function figure(title: string, content: string, lines: readonly Line[]): string {
  const keys = lines.map(({ label, style }) => `<span class="key ${style}">${escapeHtml(label)}</span>`).join('');
  return `<figure><figcaption><b>${escapeHtml(title)}</b><span class="keys">${keys}</span></figcaption>${content}</figure>`;
}

function horizontal(tick: number, y: number, unit: string): string {
  const label = `${Number(tick.toPrecision(6))}${unit}`;
  return (
    `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y)}" y2="${round(y)}"/>` +
    `<text class="tick" x="${LEFT - 8}" y="${round(y + 4)}" text-anchor="end">${escapeHtml(label)}</text>`
  );
}

function vertical(seconds: number, x: number, height: number): string {
  return `<text class="tick" x="${round(x)}" y="${height - 8}" text-anchor="middle">${timeLabel(seconds)}</text>`;
}

function limitLine({ label }: { label: string }, y: number): string {
  // At the top of the chart there is no room above the line.
  const labelY = y - 5 < TOP + 8 ? y + 14 : y - 5;
  return (
    `<line class="limit" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y)}" y2="${round(y)}"/>` +
    `<text class="limit-label" x="${WIDTH - RIGHT - 4}" y="${round(labelY)}" text-anchor="end">${escapeHtml(label)}</text>`
  );
}

function path(line: Line, x: (seconds: number) => number, y: (value: number) => number): string {
  return runs(line.points)
    .map((run) => {
      const commands = run.flatMap(([seconds, value], index) => {
        const [px, py] = [round(x(seconds)), round(y(value))];
        if (index === 0) return [`M${px} ${py}`];
        return line.stepped === true ? [`H${px}`, `V${py}`] : [`L${px} ${py}`];
      });
      const [first, last] = [run[0]?.[0] ?? 0, run.at(-1)?.[0] ?? 0];
      const area = `${commands.join('')}L${round(x(last))} ${round(y(0))}L${round(x(first))} ${round(y(0))}Z`;
      // Of a single point between gaps nothing would be seen: a line of no length has round ends.
      const dot = run.length === 1 ? 'h0' : '';
      const fill = line.filled === true ? `<path class="area ${line.style}" d="${area}"/>` : '';
      return `${fill}<path class="line ${line.style}" d="${commands.join('')}${dot}"/>`;
    })
    .join('');
}

/** The stretches of points without a gap. */
function runs(points: Line['points']): [number, number][][] {
  const stretches: [number, number][][] = [[]];
  for (const [x, y] of points) {
    if (y === undefined) stretches.push([]);
    else stretches.at(-1)?.push([x, y]);
  }
  return stretches.filter((stretch) => stretch.length > 0);
}

/** Six to ten times along the axis, at round minutes or seconds. */
function timeTicks(durationSeconds: number): number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
  const step = steps.find((candidate) => durationSeconds / candidate <= 10) ?? 7200;
  return Array.from({ length: Math.floor(durationSeconds / step) + 1 }, (_, index) => index * step);
}

function timeLabel(seconds: number): string {
  const rest = seconds % 60;
  if (seconds < 60) return `${seconds} s`;
  return rest === 0 ? `${seconds / 60} min` : `${Math.floor(seconds / 60)}:${String(rest).padStart(2, '0')} min`;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
