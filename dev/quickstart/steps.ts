/** Where progress goes; a terminal, a log or a test. */
export type Print = (line: string) => void;

export interface Step {
  title: string;
  /** Prints its own progress through `print`; what it resolves with is shown beside the elapsed time. */
  run: (print: Print) => Promise<string | undefined>;
}

/** Runs the steps one after another and says how long each took. Rejects with the failure of the first that fails. */
export async function runSteps(steps: readonly Step[], print: Print, now: () => number): Promise<void> {
  const started = now();
  for (const [index, step] of steps.entries()) {
    const stepStarted = now();
    print(`[${index + 1}/${steps.length}] ${step.title}`);
    try {
      const result = await step.run((line) => print(`      ${line}`));
      print(`      ${result === undefined ? '' : `${result}, `}${seconds(now() - stepStarted)}`);
    } catch (error) {
      print(`      failed after ${seconds(now() - stepStarted)}`);
      throw error;
    }
  }
  print(`all ${steps.length} steps in ${seconds(now() - started)}`);
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
