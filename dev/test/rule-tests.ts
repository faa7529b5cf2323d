import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CommandError, runCommand } from '../command.ts';
import { runMake } from '../kubernetes/target.ts';
import { failure, type Outcome, sum } from './outcome.ts';

const TESTS = 'dev/monitoring';
const MANIFESTS = 'manifests';

/** The rules and the scrape configuration, checked by promtool, and each file of tests of the rules. */
export async function rulesHold(print: (line: string) => void): Promise<Outcome> {
  await runMake('base-images');
  await runCommand('dev/images.sh', ['prometheus'], { onLine: print });
  const image = (await readFile('.make/prometheus-image', 'utf8')).trim();
  const files = (await readdir(TESTS)).filter((name) => name.endsWith('.test.yaml')).sort();
  const checks = [
    ['check', 'rules', `/${MANIFESTS}/monitoring/rules.yaml`],
    ['check', 'config', '--syntax-only', `/${MANIFESTS}/monitoring/prometheus.yaml`],
    ...files.map((file) => ['test', 'rules', `/tests/${file}`]),
  ];
  const outcomes: Outcome[] = [];
  for (const args of checks) outcomes.push(await promtool(image, args, print));
  return sum(outcomes);
}

async function promtool(image: string, args: readonly string[], print: (line: string) => void): Promise<Outcome> {
  const mounts = [`${resolve(MANIFESTS)}:/${MANIFESTS}:ro`, `${resolve(TESTS)}:/tests:ro`];
  const run = ['run', '--rm', '--network', 'none', ...mounts.flatMap((mount) => ['--volume', mount])];
  try {
    await runCommand('docker', [...run, '--entrypoint', 'promtool', image, ...args], { timeoutSeconds: 600 });
    return { passed: 1, failed: 0, skipped: 0, notes: [] };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    print(`${error.stdout}${error.stderr}`);
    return failure(`promtool ${args.join(' ')}`);
  }
}
