import type { Outcome } from './outcome.ts';

interface GoTestEvent {
  Action: string;
  Package?: string;
  Test?: string;
}

/**
 * Counts the output of `go test -json`: a line is an event, and the end of a test is one of pass, fail and skip.
 * A package that fails without a failed test did not compile.
 */
export function outcomeOfGo(output: string): Outcome {
  const events = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as GoTestEvent);
  const ended = (action: string) => events.filter(({ Action, Test }) => Action === action && Test !== undefined);
  const failedTests = ended('fail');
  const packagesWithFailedTests = new Set(failedTests.map((event) => event.Package));
  const broken = events.filter(
    (event) => event.Action === 'fail' && event.Test === undefined && !packagesWithFailedTests.has(event.Package),
  );
  return {
    passed: ended('pass').length,
    failed: failedTests.length + broken.length,
    skipped: ended('skip').length,
    notes: [
      ...failedTests.map((event) => `${event.Package} ${event.Test}`),
      ...broken.map((event) => `${event.Package} could not be tested`),
    ],
  };
}
