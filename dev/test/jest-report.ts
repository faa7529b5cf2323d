import type { Outcome } from './outcome.ts';

/** The part of Jest's `--json` output that is counted. */
export interface JestReport {
  testResults: JestFile[];
}

export interface JestFile {
  name: string;
  status: 'passed' | 'failed' | 'focused' | 'skipped';
  assertionResults: { status: string; fullName: string }[];
}

/** A test file that could not even be loaded counts as one failed test: Jest reports it with no test at all. */
export function outcomeOfJest({ testResults }: JestReport): Outcome {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.filter(({ status }) => status === 'failed');
  const passed = tests.filter(({ status }) => status === 'passed');
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  return {
    passed: passed.length,
    failed: failed.length + unloaded.length,
    skipped: tests.length - passed.length - failed.length,
    notes: [...failed.map(({ fullName }) => fullName), ...unloaded.map(({ name }) => `${name} could not be run`)],
  };
}

export function failedFiles({ testResults }: JestReport): string[] {
  return testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);
}

/** The report with some of its files run again. */
export function replaced(report: JestReport, again: JestReport): JestReport {
  const repeated = new Set(again.testResults.map(({ name }) => name));
  return { testResults: [...report.testResults.filter(({ name }) => !repeated.has(name)), ...again.testResults] };
}
