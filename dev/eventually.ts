import { setTimeout as delay } from 'node:timers/promises';

/** Tries until it resolves. Rejects with the last error when time is up. */
export async function eventually<T>(attempt: () => Promise<T>, timeoutMs = 20_000, pauseMs = 50): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await delay(pauseMs);
    }
  }
}
