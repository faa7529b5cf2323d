import { expect, test } from '@jest/globals';
import { DEFAULT_CALIBRATION } from '../plan/calibration.ts';
import { checkLine, checkModel, isWithinBar, predictedSaturation } from './model-check.ts';

const hashing = { algorithm: 'bcrypt', cost: 11 } as const;
const size = { cores: 2, pods: 2 };

function checked(saturated: { loginsPerSecond: number; cpuCores: number }, pacedCores: number) {
  return checkModel(
    size,
    { calibration: DEFAULT_CALIBRATION, hashing },
    {
      saturated: { ...saturated, refused: 0 },
      paced: { loginsPerSecond: saturated.loginsPerSecond / 2, cpuCores: pacedCores, refused: 0 },
    },
  );
}

test('the model says how many logins fill so many cores', () => {
  const { hashing: costs, api } = DEFAULT_CALIBRATION;
  const predicted = predictedSaturation(size, DEFAULT_CALIBRATION, hashing);
  expect(predicted * (costs.bcryptMs + api.loginMs) + 2 * api.idleMillicores).toBeCloseTo(2000, 6);
});

test('a model that is right is within its bars', () => {
  const loginsPerSecond = predictedSaturation(size, DEFAULT_CALIBRATION, hashing);
  const checks = checked({ loginsPerSecond, cpuCores: 2 }, 1);
  expect(checks.map(isWithinBar)).toEqual([true, true, true]);
  expect(checks[0]?.off).toBeCloseTo(0, 9);
  expect(checks[1]).toMatchObject({ predicted: 1, measured: 1 });
});

test('a rate is off by its share, a utilisation by points', () => {
  const loginsPerSecond = predictedSaturation(size, DEFAULT_CALIBRATION, hashing) / 1.2;
  const [rate, saturated, paced] = checked({ loginsPerSecond, cpuCores: 1.7 }, 0.5);
  if (rate === undefined || saturated === undefined || paced === undefined) throw new Error('three checks');
  expect(rate.off).toBeCloseTo(0.2, 6);
  expect(checkLine(rate)).toMatch(
    /^saturation-logins-per-second predicted 18.\d+ measured 15.\d+ off \+20.0% bar 15% missed$/,
  );
  expect(isWithinBar(saturated)).toBe(true);
  expect(checkLine(paced)).toMatch(/^utilisation-at-paced-logins .* off \+17.\d points bar 10 points missed$/);
});
