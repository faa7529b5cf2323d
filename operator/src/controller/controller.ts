import type { Logger } from 'pino';
import { inSpan } from '../observability/spans.ts';
import type { Clock } from './clock.ts';
import { isPanic, isTerminal, StepErrors } from './errors.ts';
import type { WorkQueue } from './work-queue.ts';

/** What one pass over a key asks for next. */
export interface ReconcileResult {
  /** Look again after this long even if nothing is heard. */
  requeueAfterMs?: number;
}

/** Input is a key, never an event: whatever happened, the pass looks at how things are now. */
export type Reconcile = (key: string, log: Logger) => Promise<ReconcileResult>;

export type ReconcileOutcome = 'success' | 'requeue_after' | 'error';

export interface ControllerObserver {
  /** `failure` where there was one: whether only a change can mend it, and whether it is a mistake of this program. */
  reconciled(outcome: ReconcileOutcome, seconds: number, failure?: { isTerminal: boolean; isPanic: boolean }): void;
  activeWorkers(count: number): void;
}

export interface ControllerOptions {
  queue: WorkQueue;
  reconcile: Reconcile;
  concurrency: number;
  clock: Clock;
  log: Logger;
  observer?: ControllerObserver;
}

/** Works the queue with `concurrency` workers until it is closed. An error in one key leaves the others alone. */
export async function runController(options: ControllerOptions): Promise<void> {
  let active = 0;
  const worker = async () => {
    for (let key = await options.queue.take(); key !== undefined; key = await options.queue.take()) {
      options.observer?.activeWorkers(++active);
      await workOn(key, options);
      options.observer?.activeWorkers(--active);
      options.queue.done(key);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
}

async function workOn(key: string, options: ControllerOptions): Promise<void> {
  const { queue, clock } = options;
  const log = options.log.child({ authcluster: key });
  const startedMs = clock.now();
  const seconds = () => (clock.now() - startedMs) / 1000;
  try {
    const { requeueAfterMs } = await inSpan('reconcile', { authcluster: key }, () => options.reconcile(key, log));
    queue.forget(key);
    if (requeueAfterMs !== undefined) queue.addAfter(key, requeueAfterMs);
    options.observer?.reconciled(requeueAfterMs === undefined ? 'success' : 'requeue_after', seconds());
    log.debug({ seconds: seconds(), requeueAfterMs }, 'reconciled');
  } catch (error) {
    const terminal = isTerminal(error);
    options.observer?.reconciled('error', seconds(), { isTerminal: terminal, isPanic: isPanic(error) });
    // A terminal error waits for the resource, or one of its objects, to change.
    if (terminal) queue.forget(key);
    if (error instanceof StepErrors && error.requeueAfterMs !== undefined) queue.addAfter(key, error.requeueAfterMs);
    const retryInMs = terminal ? undefined : Math.round(queue.retry(key));
    // Failed steps name themselves; only an exception that nobody expected needs its stack.
    const cause = error instanceof StepErrors ? { problem: error.message } : { err: error };
    if (terminal) log.error(cause, 'reconcile failed for good');
    else log.warn({ ...cause, retryInMs }, 'reconcile failed');
  }
}
