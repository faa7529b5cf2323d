import { setTimeout as delay } from 'node:timers/promises';

export interface Repetition {
  /** Resolves when the run under way has ended; no other begins. */
  stop(): Promise<void>;
}

/**
 * Runs a job again and again, never two at once, with a pause after each. What it throws goes to `onError`.
 * @param pause in milliseconds; the same always, or by what the job resolved with: undefined where it failed
 */
export function repeat<T>(
  job: () => Promise<T>,
  pause: number | ((result: T | undefined) => number),
  onError: (error: unknown) => void,
): Repetition {
  const stopping = new AbortController();
  const noteError = (error: unknown) => {
    onError(error);
    return undefined;
  };
  const run = async () => {
    while (!stopping.signal.aborted) {
      const result = await job().catch(noteError);
      const pauseMs = typeof pause === 'number' ? pause : pause(result);
      await delay(pauseMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
    }
  };
  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
