import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CircuitBreaker } from './circuit-breaker.ts';

const options = {
  failureRateThreshold: 0.5,
  windowSeconds: 6,
  minimumCalls: 4,
  halfOpenRequests: 3,
  recoverySeconds: 3,
};

type Step =
  | { kind: 'begin' }
  | { kind: 'end'; which: number; result: 'success' | 'failed' | 'ignored' }
  | { kind: 'pass'; seconds: number }
  | { kind: 'reset' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Step>({ kind: 'begin' }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      which: fc.nat(20),
      result: fc.constantFrom('success' as const, 'failed' as const, 'failed' as const, 'ignored' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'reset' }) },
);

class Ignored extends Error {}

interface RunningCall {
  /** How many state changes there had been when it began. */
  readonly era: number;
  readonly end: (result: 'success' | 'failed' | 'ignored') => Promise<unknown>;
}

/** The same breaker written for obviousness: every call remembered, every question answered by counting. */
class Model {
  era = 0;
  state: 'closed' | 'open' | 'half-open' = 'closed';
  openedAtSeconds = 0;
  results: { second: number; failed: boolean }[] = [];
  probesRunning = 0;
  probesSucceeded = 0;

  enter(state: Model['state'], second: number): void {
    this.era += 1;
    this.state = state;
    this.openedAtSeconds = second;
    this.probesRunning = 0;
    this.probesSucceeded = 0;
    if (state === 'closed') this.results = [];
  }

  admits(second: number): boolean {
    if (this.state === 'open' && second >= this.openedAtSeconds + options.recoverySeconds)
      this.enter('half-open', second);
    if (this.state === 'closed') return true;
    if (this.state === 'open' || this.probesRunning + this.probesSucceeded >= options.halfOpenRequests) return false;
    this.probesRunning += 1;
    return true;
  }

  ended(era: number, result: string, second: number): void {
    if (era !== this.era) return;
    if (this.state === 'half-open') {
      this.probesRunning -= 1;
      if (result === 'success') this.probesSucceeded += 1;
      if (result === 'failed') this.enter('open', second);
      else if (this.probesSucceeded === options.halfOpenRequests) this.enter('closed', second);
      return;
    }
    if (result === 'ignored') return;
    this.results.push({ second, failed: result === 'failed' });
    this.results = this.results.filter((call) => call.second > second - options.windowSeconds);
    const failures = this.results.filter((call) => call.failed).length;
    const rate = failures / this.results.length;
    if (this.results.length >= options.minimumCalls && rate >= options.failureRateThreshold) this.enter('open', second);
  }
}

function begin(breaker: CircuitBreaker, era: number): RunningCall {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => {});
  const settled = breaker.execute(() => promise).catch(() => undefined);
  const end = (result: 'success' | 'failed' | 'ignored') => {
    if (result === 'success') resolve();
    else reject(result === 'ignored' ? new Ignored() : new Error('down'));
    return settled;
  };
  return { era, end };
}

test('any sequence of overlapping calls takes the states that the rules name', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
      let second = 1000;
      const isIgnored = (error: unknown) => error instanceof Ignored;
      const breaker = new CircuitBreaker({ name: 'redis', ...options, isIgnored, nowMs: () => second * 1000 });
      const model = new Model();
      const running: RunningCall[] = [];
      for (const taken of steps) {
        if (taken.kind === 'pass') second += taken.seconds;
        else if (taken.kind === 'reset') {
          breaker.reset();
          model.enter('closed', second);
        } else if (taken.kind === 'begin') {
          const rejectedBefore = breaker.snapshot().rejected;
          const admitted = model.admits(second);
          const call = begin(breaker, model.era);
          if (admitted) running.push(call);
          expect(breaker.snapshot().rejected - rejectedBefore).toBe(admitted ? 0 : 1);
        } else {
          const [call] = running.splice(taken.which % Math.max(1, running.length), 1);
          if (call === undefined) continue;
          await call.end(taken.result);
          model.ended(call.era, taken.result, second);
        }
        const seen = breaker.snapshot();
        expect(seen.currentState).toBe(model.state);
        expect(seen.success + seen.failed + seen.rejected + seen.ignored + seen.late + running.length).toBe(seen.total);
      }
      await Promise.all(running.map((call) => call.end('success')));
    }),
    { numRuns: 300 },
  );
});
