/** How often each event is brought about: CHAOS_RUNS, 5 unless it says otherwise. */
const RUNS = runs(process.env.CHAOS_RUNS ?? '5');

function runs(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`CHAOS_RUNS must be a whole number above 0, not ${text}`);
  return count;
}

/** Seconds by what they measure, of one run. */
export type Measured = Readonly<Record<string, number>>;

/** Brings an event about again and again, and prints a row of docs/reliability.md: event, runs, medians, worst. */
export async function repeatedly(event: string, run: (turn: number) => Promise<Measured>): Promise<void> {
  const all: Measured[] = [];
  try {
    for (let turn = 0; turn < RUNS; turn += 1) all.push(await run(turn));
  } finally {
    // Also of those before the one that failed.
    if (all.length > 0) process.stdout.write(`${row(event, all)}\n`);
  }
}

function row(event: string, all: readonly Measured[]): string {
  const columns = Object.keys(all[0] ?? {}).map((name) => {
    const values = all.map((measured) => measured[name] ?? Number.NaN).sort((left, right) => left - right);
    return `${name} ${seconds(medianOf(values))}, worst ${seconds(values.at(-1))}`;
  });
  return `| ${event} | ${all.length} | ${columns.join('; ')} |`;
}

function medianOf(sorted: readonly number[]): number | undefined {
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

function seconds(value: number | undefined): string {
  return value === undefined ? 'unknown' : `${value.toFixed(1)} s`;
}
