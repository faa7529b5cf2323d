import { diagnose } from '../../dev/kubernetes/diagnosis.ts';
import { type RunResult, remembered, row } from './chaos-results.ts';
import { kubectl, NAMESPACE } from './cluster.ts';
import { settled } from './database.ts';

/** How often each event is brought about: CHAOS_RUNS, 5 unless it says otherwise. */
const RUNS = runs(process.env.CHAOS_RUNS ?? '5');
/** As long as an AuthCluster may take to be Ready again after an event. */
export const SETTLED_SECONDS = 300;

function runs(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`CHAOS_RUNS must be a whole number above 0, not ${text}`);
  return count;
}

/** Takes what was measured, before it is held against the bars: what misses one counts, too. In seconds, but for requests. */
export type Note = (measured: Readonly<Record<string, number>>) => void;

/**
 * Brings an event about again and again. Each run is kept as soon as it is over, and printed together with those before.
 * One that fails does not end the others, as long as the AuthCluster becomes Ready again; it all fails at the end.
 */
export async function repeatedly(event: string, run: (turn: number, note: Note) => Promise<void>): Promise<void> {
  const missed: string[] = [];
  for (let turn = 0; turn < RUNS; turn += 1) {
    const result = await outcome(run, turn);
    const { measured } = result;
    const all = await remembered(event, result);
    process.stdout.write(`${result.at.slice(11, 19)} ${event}: ${JSON.stringify(measured)}\n${row(event, all)}\n`);
    if (result.missed === undefined) continue;
    missed.push(result.missed);
    process.stdout.write(`${result.missed}\n${await diagnose(kubectl, [NAMESPACE])}\n`);
    // What one run has left behind is not for the next to measure.
    await settled(SETTLED_SECONDS);
  }
  if (missed.length > 0) throw new Error(`${missed.length} of ${RUNS} runs failed:\n${missed.join('\n')}`);
}

/** Brings an event about for once, and prints what was measured; what fails rejects. */
export async function once(event: string, run: (note: Note) => Promise<void>): Promise<void> {
  const measured: Record<string, number> = {};
  try {
    await run((more) => Object.assign(measured, more));
  } finally {
    process.stdout.write(`${event}: ${JSON.stringify(measured)}\n`);
  }
}

async function outcome(run: (turn: number, note: Note) => Promise<void>, turn: number): Promise<RunResult> {
  const at = new Date().toISOString();
  const measured: Record<string, number> = {};
  try {
    await run(turn, (more) => Object.assign(measured, more));
    return { at, measured };
  } catch (error) {
    return { at, measured, missed: error instanceof Error ? error.message : String(error) };
  }
}
