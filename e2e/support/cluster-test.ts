import { test } from '@jest/globals';
import { diagnose } from '../../dev/kubernetes/diagnosis.ts';
import { kubectl, NAMESPACE } from './cluster.ts';

/** A Jest test whose failure also tells how the cluster stood at that moment. */
export function clusterTest(rule: string, run: () => Promise<void>, timeoutSeconds = 600): void {
  test(rule, () => withDiagnosis(run), timeoutSeconds * 1000);
}

/** Runs what is given; where it fails, adds conditions, troubled pods, events and log lines to the message. */
export async function withDiagnosis<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const state = await diagnose(kubectl, [NAMESPACE]);
    throw new Error(`${message}\n\n--- the cluster at that moment ---\n${state}`, { cause: error });
  }
}
