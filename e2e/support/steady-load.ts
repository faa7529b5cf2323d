import { setTimeout as sleep } from 'node:timers/promises';

export interface LoadResult {
  requests: number;
  /** What went wrong, with its time since the start: the pattern tells more than the number. */
  failures: string[];
  /** The longest time without a success. */
  gapSeconds: number;
}

/**
 * Sends requests from several clients, one after another each, for as long as `during` runs.
 * `request` resolves with a description of what went wrong, or with `undefined`; rejecting counts as a failure.
 */
export async function underSteadyLoad(
  { clients, pauseMilliseconds }: { clients: number; pauseMilliseconds: number },
  request: () => Promise<string | undefined>,
  during: () => Promise<void>,
): Promise<LoadResult> {
  const result: LoadResult = { requests: 0, failures: [], gapSeconds: 0 };
  const started = Date.now();
  let succeeded = started;
  const endGap = () => {
    result.gapSeconds = Math.max(result.gapSeconds, (Date.now() - succeeded) / 1000);
    succeeded = Date.now();
  };
  let running = true;
  const client = async (): Promise<void> => {
    while (running) {
      const failure = await request().catch((error: unknown) => describeError(error));
      result.requests += 1;
      if (failure === undefined) endGap();
      else result.failures.push(`${((Date.now() - started) / 1000).toFixed(1)} s: ${failure}`);
      await sleep(pauseMilliseconds);
    }
  };
  const load = Promise.all(Array.from({ length: clients }, client));
  try {
    await during();
  } finally {
    running = false;
    await load;
  }
  endGap();
  return result;
}

/** The innermost reason. Errors of Node.js itself are no instances of a test's own `Error`. */
function describeError(error: unknown): string {
  const { name, message, cause } = error as Partial<Error>;
  if (cause !== undefined) return describeError(cause);
  return message === undefined ? String(error) : `${name} ${message}`;
}
