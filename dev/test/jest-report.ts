import type { Outcome } from './outcome.ts';

/** The part of Jest's `--json` output that is counted. */
export interface JestReport {
  numPassedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numFailedTests: number;
  testResults: {
    name: string;
    status: 'passed' | 'failed' | 'focused' | 'skipped';
    message: string;
    assertionResults: { status: string; fullName: string }[];
  }[];
}

/** A test file that could not even be loaded counts as one failed test: Jest reports it with no test at all. */
export function outcomeOfJest(report: JestReport): Outcome {
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const failedTests = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + report.numTodoTests,
    notes: [...failedTests, ...unloaded.map(({ name }) => `${name} could not be run`)],
  };
}
