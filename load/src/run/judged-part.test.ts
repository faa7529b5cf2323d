import { describe, expect, test } from '@jest/globals';
import { scaledShape } from '../../scenarios/scenario-shapes.ts';
import { intervalsWithin, judgedPart, looksWithin } from './judged-part.ts';

const at = (...seconds: number[]) => seconds.map((atSeconds) => ({ atSeconds }));
const window = { fromSeconds: 570, toSeconds: 600 };

describe('the part of a run that is judged', () => {
  test('is of a storm its two windows, from when the users began', () => {
    const shape = scaledShape('token-refresh-storm', { scale: 1, timeScale: 0.1 });
    expect(judgedPart('token-refresh-storm', shape, 1.5).spans).toEqual([
      { fromSeconds: 58.5, toSeconds: 61.5 },
      { fromSeconds: 88.5, toSeconds: 91.5 },
    ]);
  });

  test.each(['normal-login', 'mixed-error'] as const)('is of %s where it has settled', (scenario) => {
    const shape = scaledShape(scenario, { scale: 1, timeScale: 1 });
    const [span] = judgedPart(scenario, shape).spans;
    expect(span).toEqual({ fromSeconds: 0.2 * shape.durationSeconds, toSeconds: 0.95 * shape.durationSeconds });
  });

  test.each([
    [0.01, 1710],
    [0.4, 1080],
    [0.7, 540],
  ])('ends when users begin to leave for good (%d)', (rampDown, toSeconds) => {
    const shape = scaledShape('normal-login', { scale: 1, timeScale: 1, rampDown });
    const [span] = judgedPart('normal-login', shape).spans;
    expect(span?.fromSeconds).toBe(360);
    expect(span?.toSeconds).toBeCloseTo(toSeconds, 6);
  });
});

describe('looks at the system', () => {
  test.each([
    ['those inside count', at(560, 570, 580, 590, 600, 610), at(570, 580, 590, 600)],
    ['one alone says nothing of a counter: those around it count too', at(550, 585, 620, 655), at(550, 585, 620)],
    ['a window between two is told of by these', at(540, 560, 610, 660), at(560, 610)],
    ['a run that ends within a window is told of by what there is', at(540, 580), at(540, 580)],
    ['nothing says nothing', [], []],
  ])('%s', (_, samples, within) => {
    expect(looksWithin(samples, window)).toEqual(within);
  });
});

test('intervals of requests count where they lie within the span, or touch one that is too short', () => {
  const interval = (atSeconds: number) => ({ atSeconds, seconds: 15, users: 1, hashedLogins: 0, endpoints: {} });
  const intervals = [555, 570, 585, 600].map(interval);
  expect(intervalsWithin(intervals, window)).toEqual([570, 585].map(interval));
  expect(intervalsWithin(intervals, { fromSeconds: 580, toSeconds: 590 })).toEqual([570, 585].map(interval));
});
