import { expect, jest, test } from '@jest/globals';
import { PopulationCounter } from './population-counter.ts';

function counting() {
  let nowMs = 0;
  const told: string[] = [];
  const ages = new Map<string, number>();
  const counts = { sessions: jest.fn(async () => 7), hashes: jest.fn(async () => 3) };
  const isOnDuty = jest.fn(() => true);
  const agesSeconds = jest.fn(async () => ages);
  const counter = new PopulationCounter({
    isOnDuty,
    numbers: [
      { name: 'sessions', intervalSeconds: 60, count: counts.sessions },
      { name: 'hashes', intervalSeconds: 3_600, count: counts.hashes },
    ],
    agesSeconds,
    write: async (name, count) => {
      ages.set(name, 0);
      told.push(`${name} ${count}`);
    },
    nowMs: () => nowMs,
    onLost: (name, error) => told.push(`${name}: ${(error as Error).message}`),
    onFound: (name) => told.push(`${name} again`),
  });
  const pass = (seconds: number) => {
    nowMs += seconds * 1000;
    for (const [name, age] of ages) ages.set(name, age + seconds);
  };
  return { counter, ages, counts, isOnDuty, agesSeconds, told, pass };
}

test('each number is counted at its interval, whichever pod counted it last', async () => {
  const { counter, ages, told, pass } = counting();
  ages.set('hashes', 3_500);
  await counter.tick();
  expect(told).toEqual(['sessions 7']);
  pass(59);
  await counter.tick();
  expect(told).toHaveLength(1);
  pass(41);
  await counter.tick();
  expect(told).toEqual(['sessions 7', 'sessions 7', 'hashes 3']);
});

test('what is lost of what was counted is counted again at once', async () => {
  const { counter, ages, told } = counting();
  await counter.tick();
  ages.delete('hashes');
  await counter.tick();
  expect(told).toEqual(['sessions 7', 'hashes 3', 'hashes 3']);
});

test('a pod whose turn it is not asks and counts nothing', async () => {
  const { counter, agesSeconds, isOnDuty } = counting();
  isOnDuty.mockReturnValue(false);
  await counter.tick();
  expect(agesSeconds).not.toHaveBeenCalled();
});

test('a count that fails costs no other, is told once, and is tried again at its interval', async () => {
  const { counter, counts, told, pass } = counting();
  counts.sessions.mockRejectedValueOnce(new Error('too long')).mockRejectedValueOnce(new Error('again'));
  await counter.tick();
  expect(told).toEqual(['sessions: too long', 'hashes 3']);
  pass(59);
  await counter.tick();
  expect(counts.sessions).toHaveBeenCalledTimes(1);
  pass(1);
  await counter.tick();
  pass(60);
  await counter.tick();
  expect(told.slice(2)).toEqual(['sessions 7', 'sessions again']);
});

test('that it cannot be known what was counted is told, and nothing is counted', async () => {
  const { counter, counts, agesSeconds, told } = counting();
  agesSeconds.mockRejectedValueOnce(new Error('down'));
  await counter.tick();
  expect([told, counts.sessions.mock.calls.length]).toEqual([['ages: down'], 0]);
});
