import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE } from './patience.ts';

/**
 * Tries an assertion until it holds, and resolves with what it gave. Rejects with its last failure after the time-out, times
 * PATIENCE: how long something takes is for chaos tests to judge.
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
