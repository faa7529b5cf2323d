import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SlidingWindow } from './sliding-window.ts';

test('counts as a list of the calls would', () => {
  const steps = fc.array(fc.record({ advanceMs: fc.nat(90_000), succeeded: fc.boolean() }), { maxLength: 100 });
  const epochs = fc.constantFrom(0, 1_700_000_000_123);
  fc.assert(
    fc.property(steps, epochs, (calls, epochMs) => {
      const window = new SlidingWindow(60_000, 60);
      const made: { second: number; succeeded: boolean }[] = [];
      let nowMs = epochMs;
      for (const { advanceMs, succeeded } of calls) {
        nowMs += advanceMs;
        window.record(succeeded, nowMs);
        made.push({ second: Math.floor(nowMs / 1000), succeeded });
        const remembered = made.filter(({ second }) => second > Math.floor(nowMs / 1000) - 60);
        const failures = remembered.filter((call) => !call.succeeded).length;
        expect(window.counts(nowMs)).toEqual({ calls: remembered.length, failures });
      }
    }),
  );
});
