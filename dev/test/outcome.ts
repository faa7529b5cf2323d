/** What one layer of tests came to. */
export interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
  /** Names of what failed, and why something was skipped, for the summary. */
  notes: string[];
}

export function sum(outcomes: readonly Outcome[]): Outcome {
  return {
    passed: outcomes.reduce((total, { passed }) => total + passed, 0),
    failed: outcomes.reduce((total, { failed }) => total + failed, 0),
    skipped: outcomes.reduce((total, { skipped }) => total + skipped, 0),
    notes: outcomes.flatMap(({ notes }) => notes),
  };
}

export function failure(note: string): Outcome {
  return { passed: 0, failed: 1, skipped: 0, notes: [note] };
}

export function skip(note: string): Outcome {
  return { passed: 0, failed: 0, skipped: 1, notes: [note] };
}

/** A layer that ran nothing has shown nothing: tests that are not found must not look like tests that passed. */
export function refuseEmpty(outcome: Outcome): Outcome {
  if (outcome.passed + outcome.failed + outcome.skipped > 0) return outcome;
  return { ...outcome, failed: 1, notes: [...outcome.notes, 'ran no test'] };
}

/** The one line that machines read: `N passed, N failed, N skipped`. */
export function countsLine({ passed, failed, skipped }: Outcome): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
