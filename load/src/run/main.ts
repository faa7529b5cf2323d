// Runs a load test and reports on it: npm run load-test -w load -- --scenario normal-login --scale 0.01
import { resolve } from 'node:path';
import { loadRun, removeUsers, seed } from './load-run.ts';
import { parseRunOptions, RUN_USAGE } from './run-options.ts';
import type { Verdict } from './run-result.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function verdictLine(verdict: Verdict): string {
  const { kind, what, limit } = verdict;
  const words = { met: 'met', missed: 'MISSED', notMeasured: 'not measured' };
  return `${words[kind].padEnd(13)} ${what}: ${kind === 'notMeasured' ? '' : `${verdict.value}, `}must be ${limit}`;
}

/** 0 where every threshold that was measured is met. */
async function main(args: readonly string[]): Promise<number> {
  if (args.length === 0 || args.includes('--help')) {
    say(RUN_USAGE);
    return 0;
  }
  const parsed = parseRunOptions(args);
  const home = process.env.INIT_CWD ?? process.cwd();
  if (parsed.seeding === 'only' || parsed.seeding === 'delete') {
    await (parsed.seeding === 'only' ? seed(parsed, say) : removeUsers(parsed, say));
    return 0;
  }
  const { calibrationFile } = parsed;
  // npm changes into the workspace; files are named from where the person stands.
  const options =
    calibrationFile === undefined ? parsed : { ...parsed, calibrationFile: resolve(home, calibrationFile) };
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const directory = resolve(home, options.outputDirectory ?? `.make/load/${options.scenario}-${time}`);
  const { verdicts } = await loadRun(options, directory, say);
  for (const verdict of verdicts) say(verdictLine(verdict));
  say(`report: ${directory}/report.html`);
  return verdicts.some(({ kind }) => kind === 'missed') ? 1 : 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
