// Compares two runs: npm run compare -w load -- before/result.json after/result.json [comparison.html]
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { comparisonReport, comparisonText } from '../report/comparison.ts';
import { checkComparable } from '../report/conditions.ts';
import { readResult } from './result-file.ts';

const USAGE = 'usage: npm run compare -w load -- BEFORE/result.json AFTER/result.json [PAGE.html]';

async function main(args: readonly string[]): Promise<void> {
  const home = process.env.INIT_CWD ?? process.cwd();
  const [before, after, page] = args.map((file) => resolve(home, file));
  if (before === undefined || after === undefined) throw new RangeError(USAGE);
  const runs = [await readResult(before), await readResult(after)] as const;
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
