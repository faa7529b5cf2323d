import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../command.ts';

/** What kubectl and Helm say where an API server restarts, or is overloaded, as while nodes take in images. */
const OUTAGE =
  /connection refused|was refused|connection reset|connection lost|i\/o timeout|TLS handshake timeout|: EOF\s*$|etcdserver:|ServiceUnavailable|unable to handle the request|Kubernetes cluster unreachable/m;

export interface Patience {
  patienceMs: number;
  pauseMs: number;
}

/** Tries again while the API server is away, which passes by itself. Rejects with any other error at once. */
export async function throughOutage<T>(
  attempt: () => Promise<T>,
  { patienceMs, pauseMs }: Patience = { patienceMs: 60_000, pauseMs: 1000 },
): Promise<T> {
  const deadlineMs = performance.now() + patienceMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isOutage(error) || performance.now() > deadlineMs) throw error;
      await sleep(pauseMs);
    }
  }
}

export function isOutage(error: unknown): error is CommandError {
  return error instanceof CommandError && OUTAGE.test(error.stderr);
}
