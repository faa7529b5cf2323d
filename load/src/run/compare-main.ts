// Compares two runs: npm run compare -w load -- before/result.json after/result.json [comparison.html]
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { comparisonReport, comparisonText } from '../report/comparison.ts';
import type { RunResult } from './run-result.ts';

async function resultAt(file: string): Promise<RunResult> {
  const result = JSON.parse(await readFile(file, 'utf8')) as RunResult;
  if (result.version !== 1) throw new RangeError(`${file} is no result of a run`);
  return result;
}

const home = process.env.INIT_CWD ?? process.cwd();
const [before, after, page] = process.argv.slice(2).map((file) => resolve(home, file));
if (before === undefined || after === undefined) {
  process.stderr.write('usage: npm run compare -w load -- BEFORE/result.json AFTER/result.json [PAGE.html]\n');
  process.exitCode = 2;
} else {
  const runs = [await resultAt(before), await resultAt(after)] as const;
  process.stdout.write(`${comparisonText(...runs)}\n`);
  if (page !== undefined) await writeFile(page, comparisonReport(...runs));
}
