// Sizes an AuthCluster: npm run plan -- --users 10000000 --peak-logins 2000
import { resolve } from 'node:path';
import { readCalibration } from './calibration-file.ts';
import { parsePlanOptions, USAGE } from './options.ts';
import { plan } from './plan.ts';
import { planReport, specText } from './plan-report.ts';

async function main(args: readonly string[]): Promise<string> {
  if (args.length === 0 || args.includes('--help')) return USAGE;
  const { request, name, calibrationFile, output } = parsePlanOptions(args);
  const calibration = await readCalibration(calibrationFile && resolve(process.env.INIT_CWD ?? '.', calibrationFile));
  const made = plan(request, calibration);
  if (output === 'json') return JSON.stringify({ request, calibration, plan: made }, null, 2);
  return output === 'spec' ? specText(made, request, name) : planReport(made, request, calibration, name);
}

try {
  process.stdout.write(`${await main(process.argv.slice(2))}\n`);
} catch (error) {
  if (!(error instanceof RangeError || (error instanceof Error && 'code' in error))) {
    throw error;
  }
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
