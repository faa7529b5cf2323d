// Judges all runners of a distributed run together: npm run combine -w load -- BESIDE/result.json RUNNERS.log FOLDER
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runReport } from '../report/run-report.ts';
import { verdictLines } from '../run/load-test.ts';
import { readResult } from '../run/result-file.ts';
import { isFailure } from '../run/verdicts.ts';
import { combined } from './combined.ts';
import { runnerSummaries } from './merged-summary.ts';

const home = process.env.INIT_CWD ?? process.cwd();
const [beside, log, folder] = process.argv.slice(2).map((file) => resolve(home, file));
if (beside === undefined || log === undefined || folder === undefined) {
  process.stderr.write('usage: npm run combine -w load -- BESIDE/result.json RUNNERS.log FOLDER\n');
  process.exitCode = 2;
} else {
  try {
    const result = combined(await readResult(beside), runnerSummaries(await readFile(log, 'utf8')));
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'result.json'), `${JSON.stringify(result)}\n`);
    await writeFile(join(folder, 'report.html'), runReport(result));
    process.stdout.write(`${[...verdictLines(result), `report: ${folder}/report.html`].join('\n')}\n`);
    process.exitCode = result.verdicts.some(isFailure) ? 1 : 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}
