import { resolve } from 'node:path';
import { type loadRun, removeUsers, type Say, seed } from './load-run.ts';
import { parseRunOptions, RUN_USAGE } from './run-options.ts';
import type { RunResult, Verdict } from './run-result.ts';
import { isFailure } from './verdicts.ts';

export interface Surroundings {
  readonly say: Say;
  /** Files are named from here. */
  readonly home: string;
  readonly now: () => Date;
  readonly run: typeof loadRun;
}

/**
 * The command `load-test`. Resolves to its exit code: 0 where every threshold is met that was measured, and none was left
 * out that had to be.
 * @throws RangeError naming an option that is missing, unknown or out of range
 */
export async function loadTest(args: readonly string[], { say, home, now, run }: Surroundings): Promise<number> {
  if (args.length === 0 || args.includes('--help')) {
    say(RUN_USAGE);
    return 0;
  }
  const parsed = parseRunOptions(args);
  if (parsed.seeding === 'only' || parsed.seeding === 'delete') {
    await (parsed.seeding === 'only' ? seed(parsed, say) : removeUsers(parsed, say));
    return 0;
  }
  const { calibrationFile } = parsed;
  const options =
    calibrationFile === undefined ? parsed : { ...parsed, calibrationFile: resolve(home, calibrationFile) };
  const time = now()
    .toISOString()
    .replaceAll(/[-:]|\.\d+/g, '');
  const directory = resolve(home, options.outputDirectory ?? `.make/load/${options.scenario}-${time}`);
  const result = await run(options, directory, say);
  for (const line of verdictLines(result)) say(line);
  say(`report: ${directory}/report.html`);
  return result.verdicts.some(isFailure) ? 1 : 0;
}

export function verdictLines({ verdicts, objectives }: RunResult): string[] {
  return [
    ...verdicts.map(verdictLine),
    ...objectives.map((objective) => `${verdictLine(objective)} (decides nothing)`),
  ];
}

function verdictLine(verdict: Verdict): string {
  const { what, limit } = verdict;
  if (verdict.kind !== 'notMeasured') {
    const word = { met: 'met', missed: 'MISSED' }[verdict.kind];
    return `${word.padEnd(13)} ${what}: ${verdict.value}, must be ${limit}`;
  }
  if (verdict.needs === undefined) return `not measured  ${what}: must be ${limit}`;
  return `NOT MEASURED  ${what}: must be ${limit}; this needs ${verdict.needs}`;
}
