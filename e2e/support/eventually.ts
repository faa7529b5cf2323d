import { setTimeout as sleep } from 'node:timers/promises';

/** Nobody watches a run in CI, and its machine may be a slow one: how long something takes is for chaos tests to judge. */
const PATIENCE = process.env.CI === undefined ? 1 : 3;

/**
 * Tries an assertion until it holds, and resolves with what it gave. Rejects with its last failure after the time-out, which
 * is three times as long in CI.
 */
export async function eventually<T>(assertion: () => Promise<T>, timeoutSeconds: number): Promise<T> {
  const deadline = Date.now() + timeoutSeconds * PATIENCE * 1000;
  while (true) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await sleep(500);
  }
}
