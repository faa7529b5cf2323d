import { mkdir, readFile, writeFile } from 'node:fs/promises';

export interface RunResult {
  /** When it began: RFC 3339. */
  at: string;
  measured: Readonly<Record<string, number>>;
  /** The bar that it missed, or why it failed. */
  missed?: string;
}

const FOLDER = new URL('../../.make/chaos/', import.meta.url);

/**
 * Adds a run of an event to those of before and resolves with all of them: an event may be measured in several sittings. Who
 * measures another state of the product removes the folder first.
 */
export async function remembered(event: string, run: RunResult): Promise<RunResult[]> {
  const file = new URL(`${event.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.json`, FOLDER);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const before = text === undefined ? [] : (JSON.parse(text, timeFromText) as { runs: RunResult[] }).runs;
  const runs = [...before, run];
  await mkdir(FOLDER, { recursive: true });
  await writeFile(file, `${JSON.stringify({ event, runs }, timeAsText, 2)}\n`);
  return runs;
}

/** JSON has no word for what never came back, and that is the worst of all runs. */
const NEVER = 'never';

function timeAsText(_name: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? NEVER : value;
}

function timeFromText(_name: string, value: unknown): unknown {
  return value === NEVER ? Number.POSITIVE_INFINITY : value;
}

/** A row of docs/reliability.md: event, runs, medians, worst. */
export function row(event: string, runs: readonly RunResult[]): string {
  const names = [...new Set(runs.flatMap(({ measured }) => Object.keys(measured)))];
  const columns = names.map((name) => {
    const values = runs.flatMap(({ measured }) => measured[name] ?? []).sort((left, right) => left - right);
    return `${name} ${amount(name, medianOf(values))}, worst ${amount(name, values.at(-1))}`;
  });
  const missed = runs.filter((each) => each.missed !== undefined).length;
  return `| ${event} | ${runs.length} runs, ${missed} missed a bar | ${columns.join('; ')} |`;
}

function medianOf(sorted: readonly number[]): number | undefined {
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

function amount(name: string, value: number | undefined): string {
  if (value === undefined) return 'unknown';
  if (value === Number.POSITIVE_INFINITY) return NEVER;
  return name.endsWith('requests') ? String(value) : `${value.toFixed(1)} s`;
}
