import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { machineObserver, observe } from './observation.ts';

test('looks that take long are not queued, and the last one ends the observation', async () => {
  let looks = 0;
  const slow = async () => {
    looks += 1;
    await pause(120);
    return { machineUtilisation: looks };
  };
  const observation = observe([slow], { startedAtMs: Date.now(), everySeconds: 0.02, onFailure: () => {} });
  await pause(300);
  await observation.stop();
  expect(looks).toBeLessThanOrEqual(5);
  expect(observation.samples).toHaveLength(looks);
});

test('an observer that fails is told about, and the others go on', async () => {
  const failures: unknown[] = [];
  const failing = () => Promise.reject(new Error('no metrics'));
  const observation = observe([failing, async () => ({ machineUtilisation: 0.5 })], {
    startedAtMs: Date.now(),
    everySeconds: 10,
    onFailure: (error) => failures.push(error),
  });
  await observation.stop();
  expect(observation.samples.map(({ machineUtilisation }) => machineUtilisation)).toEqual([0.5, 0.5]);
  expect(failures).toHaveLength(2);
});

test('the machine is busy between nothing and all of the time', async () => {
  const look = machineObserver();
  await pause(50);
  const { machineUtilisation = 0 } = await look();
  expect(machineUtilisation).toBeGreaterThanOrEqual(0);
  expect(machineUtilisation).toBeLessThanOrEqual(1);
});
