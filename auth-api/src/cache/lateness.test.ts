import { expect, test } from '@jest/globals';
import { Lateness } from './lateness.ts';

test('lateness is against the most punctual message of the same sender, whatever its clock shows', () => {
  const lateness = new Lateness();
  const measured = [
    lateness.measureMs('one', 1_000_000, 50),
    lateness.measureMs('one', 1_000_500, 1_350),
    lateness.measureMs('one', 1_001_000, 1_010),
    lateness.measureMs('one', 1_001_500, 1_551),
    lateness.measureMs('other', 7, 3_000),
  ];
  // The third is 40 ms less late than the first, which until then was the most punctual.
  expect(measured).toEqual([0, 799, 0, 40, 0]);
});

test('clocks that drift are followed', () => {
  const lateness = new Lateness();
  let lateMs = 0;
  for (let beat = 0; beat < 10_000; beat += 1) lateMs = lateness.measureMs('one', beat * 500, beat * 500.2);
  expect(lateMs).toBeLessThan(1);
});
