import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { kubectl } from './cluster.ts';

/** Runs a kubectl command that goes on, and resolves once it has printed a line that is wanted. Rejects where it never does. */
export function untilPrinted(
  args: readonly string[],
  wanted: (line: string) => boolean,
  timeoutSeconds: number,
): Promise<void> {
  const child = spawn('kubectl', ['--context', kubectl.context, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`kubectl ${args.join(' ')} printed nothing that was waited for within ${timeoutSeconds} s`));
    }, timeoutSeconds * 1000);
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (wanted(line)) resolve();
    });
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`kubectl ${args.join(' ')} ended`)));
    child.on('close', () => clearTimeout(timer));
  }).finally(() => child.kill());
}
