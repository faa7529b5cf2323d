import { expect, test } from '@jest/globals';
import { DEFAULT_CALIBRATION } from '../plan/calibration.ts';
import { tierChecks, tierLine } from './tier-check.ts';

const model = { calibration: DEFAULT_CALIBRATION, hashing: { algorithm: 'bcrypt', cost: 11 } } as const;
const tier = (cpuCores: number, pods = 1) => ({ pods, cpuCores, memoryMib: 100 });

test('each tier that was seen is shown beside the model, replicas of PostgreSQL with what they replay', () => {
  const idle = { gateway: tier(0.001), postgres: tier(0.05, 3) };
  const paced = { gateway: tier(0.004), 'auth-api': tier(1), postgres: tier(0.09, 3), redis: tier(0.02, 6) };
  const checks = tierChecks(20, { idle, paced }, model);
  const { readMs, writeMs } = DEFAULT_CALIBRATION.postgres;
  expect(checks.map(({ tier: name }) => name)).toEqual(['gateway', 'postgres', 'redis']);
  expect(checks[1]?.predictedCores).toBeCloseTo((20 * (readMs + writeMs + 2 * 0.3 * writeMs)) / 1000, 9);
  expect(checks.map(tierLine)).toEqual([
    'cpu-of-gateway predicted 0.002 measured 0.004 idle 0.001 cores',
    'cpu-of-postgres predicted 0.016 measured 0.090 idle 0.050 cores',
    'cpu-of-redis predicted 0.002 measured 0.020 cores',
  ]);
});

test('where no tier was seen, nothing is said', () => {
  expect(tierChecks(20, { idle: {}, paced: {} }, model)).toEqual([]);
});
