import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ScenarioName } from '../../scenarios/scenario-shapes.ts';

export interface K6Outcome {
  readonly thresholdsMet: boolean;
}

export interface K6Listeners {
  /** A point of a metric, as a line of k6's JSON output. */
  readonly onPoint?: (line: string) => void;
  readonly onOutput?: (line: string) => void;
}

/** k6's exit code where thresholds were missed. */
const THRESHOLDS_MISSED = 99;

/**
 * Runs a scenario to its end. Points come as they are measured.
 * @throws Error where k6 is not there or stopped for another reason than a missed threshold
 */
export function runK6(
  scenario: ScenarioName,
  environment: Readonly<Record<string, string>>,
  { onPoint, onOutput }: K6Listeners = {},
): Promise<K6Outcome> {
  const script = fileURLToPath(new URL(`../../scenarios/${scenario}.ts`, import.meta.url));
  const settings = Object.entries(environment).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  // The local API server of k6 is not needed, and its port may be taken.
  const args = ['run', '--quiet', '--no-usage-report', '--address', '', ...settings];
  if (onPoint !== undefined) args.push('--out', 'json=-');
  return new Promise((resolve, reject) => {
    const child = spawn('k6', [...args, script], { stdio: ['ignore', 'pipe', 'pipe'] });
    const errors: string[] = [];
    // Points share standard output with what k6 says at the end.
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{"')) onPoint?.(line);
      else onOutput?.(line);
    });
    createInterface({ input: child.stderr }).on('line', (line) => {
      errors.push(line);
      if (errors.length > 20) errors.shift();
    });
    child.on('error', (error) => reject(new Error(`k6 could not be started: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0 || code === THRESHOLDS_MISSED) resolve({ thresholdsMet: code === 0 });
      else reject(new Error(`k6 ended with exit code ${code}: ${errors.join('\n')}`));
    });
  });
}
