import { describe, expect, test } from '@jest/globals';
import { type Logger, pino } from 'pino';
import { ApiError } from '../kubernetes/errors.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { type ControllerObserver, type Reconcile, type ReconcileOutcome, runController } from './controller.ts';
import { StepErrors, TerminalError } from './errors.ts';
import { WorkQueue } from './work-queue.ts';

const SILENT = pino({ level: 'silent' });

/** Works every key that is ready, then closes. */
async function work(
  keys: string[],
  reconcile: Reconcile,
  { afterMs = 0, observer, log = SILENT }: { afterMs?: number; observer?: ControllerObserver; log?: Logger } = {},
) {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock, random: () => 1 });
  const outcomes: ReconcileOutcome[] = [];
  for (const key of keys) queue.add(key);
  const noting = {
    reconciled: (outcome: ReconcileOutcome) => void outcomes.push(outcome),
    activeWorkers: () => undefined,
  };
  const running = runController({
    queue,
    reconcile,
    concurrency: 2,
    clock,
    log,
    observer: observer ?? noting,
  });
  await settle();
  clock.advance(afterMs);
  await settle();
  queue.close();
  await running;
  return outcomes;
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('runController', () => {
  test('an exception in one key leaves the others alone', async () => {
    const seen: string[] = [];
    const outcomes = await work(['a', 'b', 'c'], async (key) => {
      seen.push(key);
      if (key === 'b') throw new TypeError('undefined is not a function');
      return {};
    });
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(outcomes.sort()).toEqual(['error', 'success', 'success']);
  });

  test('works as many keys at once as there are workers, and no more', async () => {
    let atOnce = 0;
    const seen: number[] = [];
    await work(['a', 'b', 'c', 'd', 'e'], async () => {
      seen.push(++atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
      return {};
    });
    expect(seen).toHaveLength(5);
    expect(Math.max(...seen)).toBe(2);
  });

  test('logs what becomes of a key with its name', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'debug' }, { write: (line) => void lines.push(line) });
    await work(['auth/a', 'auth/b'], async (key) => (key === 'auth/b' ? Promise.reject(new Error('not now')) : {}), {
      log,
    });
    const told = lines.map((line) => JSON.parse(line)).map(({ authcluster, msg }) => `${authcluster}: ${msg}`);
    expect(told.sort()).toEqual(['auth/a: reconciled', 'auth/b: reconcile failed']);
  });

  test('tells a mistake of the program from what may happen to any', async () => {
    const panics: (boolean | undefined)[] = [];
    const observer = {
      reconciled: (_outcome: ReconcileOutcome, _seconds: number, failure?: { isPanic: boolean }) =>
        void panics.push(failure?.isPanic),
      activeWorkers: () => undefined,
    };
    const errors = [new StepErrors([{ step: 's', error: new TypeError('no such thing') }]), new Error('refused')];
    await work(
      ['a', 'b', 'c'],
      async () => {
        const error = errors.shift();
        if (error !== undefined) throw error;
        return {};
      },
      { observer },
    );
    expect(panics).toEqual([true, false, undefined]);
  });

  test('tries again what may pass', async () => {
    let attempts = 0;
    const reconcile = async () => {
      attempts += 1;
      throw new Error('not now');
    };
    await work(['a'], reconcile, { afterMs: 5 });
    expect(attempts).toBe(2);
  });

  test.each([
    ['a terminal error', new TerminalError('never')],
    ['what the API server calls invalid', new ApiError({ method: 'PATCH', path: '/' }, 422, '{}')],
    ['steps of which none can pass', new StepErrors([{ step: 's', error: new TerminalError('never') }])],
  ])('does not try %s again', async (_what, error) => {
    let attempts = 0;
    const reconcile = async () => {
      attempts += 1;
      throw error;
    };
    await work(['a'], reconcile, { afterMs: 3_600_000 });
    expect(attempts).toBe(1);
  });

  test('looks again after the time a pass asks for', async () => {
    let passes = 0;
    const reconcile = async () => ({ requeueAfterMs: ++passes > 1 ? 60_000 : 1000 });
    await work(['a'], reconcile, { afterMs: 1000 });
    expect(passes).toBe(2);
  });

  test('other steps are looked at again even when one failed for good', async () => {
    let passes = 0;
    const reconcile = async () => {
      passes += 1;
      throw new StepErrors([{ step: 's', error: new TerminalError('never') }], passes > 1 ? undefined : 1000);
    };
    await work(['a'], reconcile, { afterMs: 1000 });
    expect(passes).toBe(2);
  });
});
