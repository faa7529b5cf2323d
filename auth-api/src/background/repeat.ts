import { setTimeout as delay } from 'node:timers/promises';

export interface Repetition {
  /** Resolves when the run under way has ended; no other begins. */
  stop(): Promise<void>;
}

/** Runs a job again and again, never two at once, with a pause after each. What it throws goes to `onError`. */
export function repeat(job: () => Promise<unknown>, pauseMs: number, onError: (error: unknown) => void): Repetition {
  const stopping = new AbortController();
  const run = async () => {
    while (!stopping.signal.aborted) {
      await job().catch(onError);
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
