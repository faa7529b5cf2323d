import { readFile } from 'node:fs/promises';
import type { RunResult } from './run-result.ts';

/** The result.json of a run. @throws RangeError for a file that holds something else */
export async function readResult(file: string): Promise<RunResult> {
  const text = await readFile(file, 'utf8');
  const result = parsed(text);
  if (result?.version !== 1 || result.scenario === undefined || result.endpoints === undefined) {
    throw new RangeError(`${file} is no result of a run: a result.json that load-test has written is wanted`);
  }
  return result as RunResult;
}

function parsed(text: string): Partial<RunResult> | undefined {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}
