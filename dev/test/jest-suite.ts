import { readFile, rm } from 'node:fs/promises';
import { relative } from 'node:path';
import { runCommand } from '../command.ts';
import { failedFiles, type JestReport, outcomeOfJest, replaced } from './jest-report.ts';
import type { Layer, Print } from './layers.ts';
import { failure, type Outcome } from './outcome.ts';

const REPORTS = '.make/test';
const SUITE_TIMEOUT_SECONDS = 50 * 60;
/** More files that failed than these are no chance. */
const MOST_FILES_REPEATED = 5;

/** A Jest suite behind an npm script, whose arguments these are. */
export function suite(name: string, npm: readonly string[]): Layer {
  return { name, run: async (print) => outcomeOf(await reportOf(name, npm, [], print)) };
}

/**
 * A suite against real servers, after what it needs has been set up. They share one small machine, so that now and then
 * something takes longer than any test would wait: set-up that fails is tried once more, and so are a few files that
 * failed. The summary names them all the same, and what fails twice has failed.
 */
export function serverSuite(name: string, npm: readonly string[], setUp: () => Promise<void>): Layer {
  const run = async (print: Print): Promise<Outcome> => {
    const notes = await setUpAtLast(setUp, print);
    const report = await reportOf(name, npm, [], print);
    const files = report === undefined ? [] : failedFiles(report);
    if (report === undefined || files.length === 0 || files.length > MOST_FILES_REPEATED) {
      return noted(outcomeOf(report), notes);
    }
    print(`\n==> ${name}: once more what failed`);
    const again = await reportOf(`${name}-again`, npm, ['--runTestsByPath', ...files], print);
    const repeats = files.map((file) => `${relative(process.cwd(), file)} failed at first and was run again`);
    return noted(outcomeOf(again === undefined ? report : replaced(report, again)), [...notes, ...repeats]);
  };
  return { name, run };
}

/** Resolves with a note where only the second try went well. */
async function setUpAtLast(setUp: () => Promise<void>, print: Print): Promise<string[]> {
  try {
    await setUp();
    return [];
  } catch (error) {
    print(`${error instanceof Error ? error.message : error}\n==> once more`);
    await setUp();
    return ['set-up failed at first and was done again'];
  }
}

function noted(outcome: Outcome, notes: readonly string[]): Outcome {
  return { ...outcome, notes: [...outcome.notes, ...notes] };
}

function outcomeOf(report: JestReport | undefined): Outcome {
  return report === undefined ? failure('ended without a report') : outcomeOfJest(report);
}

/** Runs Jest. Undefined where it wrote no report: it did not get so far, or was ended. */
async function reportOf(
  name: string,
  npm: readonly string[],
  jest: readonly string[],
  print: Print,
): Promise<JestReport | undefined> {
  const file = `${process.cwd()}/${REPORTS}/${name}.json`;
  await rm(file, { force: true });
  const reporting = ['--json', '--outputFile', file, '--passWithNoTests'];
  const options = { timeoutSeconds: SUITE_TIMEOUT_SECONDS, onLine: withoutReport(print) };
  // Jest's exit code says no more than its report, which it also writes when tests fail.
  await runCommand('npm', [...npm, '--', ...jest, ...reporting], options).catch(() => {});
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as JestReport);
}

/** With `--json`, Jest prints a note about the file that it wrote, which nobody needs to read. */
function withoutReport(print: Print): Print {
  return (line) => {
    if (!line.startsWith('Test results written to:')) print(line);
  };
}
