// Compares two runs: npm run compare -w load -- before/result.json after/result.json [comparison.html]
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { comparisonReport, comparisonText } from '../report/comparison.ts';
import { checkComparable } from '../report/conditions.ts';
import type { RunResult } from './run-result.ts';

const USAGE = 'usage: npm run compare -w load -- BEFORE/result.json AFTER/result.json [PAGE.html]';

async function resultAt(file: string): Promise<RunResult> {
  const result = JSON.parse(await readFile(file, 'utf8')) as RunResult;
  if (result.version !== 1) throw new RangeError(`${file} is no result of a run`);
  return result;
}

async function main(args: readonly string[]): Promise<void> {
  const home = process.env.INIT_CWD ?? process.cwd();
  const [before, after, page] = args.map((file) => resolve(home, file));
  if (before === undefined || after === undefined) throw new RangeError(USAGE);
  const runs = [await resultAt(before), await resultAt(after)] as const;
  checkComparable(...runs);
  process.stdout.write(`${comparisonText(...runs)}\n`);
  if (page !== undefined) await writeFile(page, comparisonReport(...runs));
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
