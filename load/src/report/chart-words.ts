import type { Line } from './line-chart.ts';

/** What the lines of a chart show, for who does not see it. */
export function describedLines(lines: readonly Line[], unit: string): string {
  return lines.map((line) => `${line.label} ${described(valuesOf(line), unit)}`).join('; ');
}

/** Those of which there is no value, by name, and why that may be; empty where there is none. */
export function absentLines(lines: readonly Line[], why: string): string {
  const absent = lines.filter((line) => valuesOf(line).length === 0).map(({ label }) => label);
  return absent.length === 0 ? '' : `${absent.join(', ')}: ${why}.`;
}

function valuesOf({ points }: Line): number[] {
  return points.flatMap(([, y]) => (y === undefined ? [] : [y]));
}

function described(values: readonly number[], unit: string): string {
  const written = (value: number) => `${Number(value.toPrecision(3))}${unit}`;
  const [lowest, highest, last = 0] = [Math.min(...values), Math.max(...values), values.at(-1)];
  return `from ${written(lowest)} to ${written(highest)}, ${written(last)} at the end`;
}
