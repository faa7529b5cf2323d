import { expect, jest, test } from '@jest/globals';
import type { Database } from '../storage/postgres/database.ts';
import { portOf } from '../testing/fakes.ts';
import { type SweepStep, type SweptBatch, sweepSteps } from './sweep-steps.ts';
import { Sweeper } from './sweeper.ts';

const retention = { refreshLifetimeSeconds: 60, auditRetentionDays: 90 };

function sweeperWith(...runs: readonly SweepStep['run'][]) {
  const told: string[] = [];
  const take = jest.fn(async () => true);
  const release = jest.fn(async () => {});
  const sweeper = new Sweeper({
    primary: portOf<Database>({}),
    lease: { take, release },
    steps: runs.map((run, at) => ({ name: `step ${at}`, run })),
    onLost: (step, error) => told.push(`${step}: ${(error as Error).message}`),
    onFound: (step) => told.push(`${step} works`),
    onSuccess: () => told.push('success'),
  });
  return { sweeper, take, release, told };
}

const nothing = { swept: {}, isMore: false };

test('a step that fails keeps no other from its turn, and no success is told', async () => {
  const { sweeper, told } = sweeperWith(
    () => Promise.reject(new Error('timed out')),
    async () => ({ swept: { tokens: 3 }, isMore: true }),
    async () => ({ swept: { tokens: 4 }, isMore: false }),
  );
  expect(await sweeper.sweep()).toMatchObject({ swept: { tokens: 7, sessions: 0 }, isMore: true });
  expect(told).toEqual(['step 0: timed out']);
});

test('of failures in a row the first is told, and their end', async () => {
  const step = jest.fn<() => Promise<SweptBatch>>().mockResolvedValue(nothing);
  const { sweeper, told } = sweeperWith(step);
  step.mockRejectedValueOnce(new Error('down')).mockRejectedValueOnce(new Error('still down'));
  for (let sweep = 0; sweep < 4; sweep += 1) await sweeper.sweep();
  expect(told).toEqual(['step 0: down', 'step 0 works', 'success', 'success']);
});

test('a pod whose turn it is not does nothing and tells of no success; one that cannot know says so', async () => {
  const step = jest.fn(async () => nothing);
  const { sweeper, take, told } = sweeperWith(step);
  take.mockResolvedValueOnce(false).mockRejectedValueOnce(new Error('down'));
  await sweeper.sweep();
  await sweeper.sweep();
  expect([step.mock.calls.length, told]).toEqual([0, ['lease: down']]);
  await sweeper.sweep();
  expect(told).toEqual(['lease: down', 'lease works', 'success']);
});

test('a pod gives its turn back, and one that does not have it gives nothing', async () => {
  const { sweeper, take, release } = sweeperWith();
  take.mockResolvedValueOnce(false);
  await sweeper.sweep();
  await sweeper.release();
  expect([sweeper.isOnDuty, release.mock.calls.length]).toEqual([false, 0]);
  await sweeper.sweep();
  expect(sweeper.isOnDuty).toBe(true);
  await sweeper.release();
  expect([sweeper.isOnDuty, release.mock.calls.length]).toEqual([false, 1]);
});

test('sessions go once their tokens have, of which a batch is bounded however many sessions it is for', async () => {
  const sent: { name: string; values: readonly unknown[] }[] = [];
  const found: Readonly<Record<string, number>> = { select_sessions_to_sweep: 2, sweep_tokens_of_sessions: 2_000 };
  const query: Database['query'] = async ({ name }, values) => {
    sent.push({ name, values });
    return Array.from({ length: found[name] ?? 0 }, (_, at) => ({ id: `session ${at}` }) as never);
  };
  const [sessions] = sweepSteps(retention);
  const batch = await sessions?.run(portOf<Database>({ query }));
  expect(sent.map(({ name }) => name)).toEqual([
    'select_sessions_to_sweep',
    'sweep_tokens_of_sessions',
    'sweep_sessions_without_tokens',
  ]);
  expect(sent[1]?.values).toEqual([['session 0', 'session 1'], 2_000]);
  expect(batch).toEqual({ swept: { tokens: 2_000, sessions: 0 }, isMore: true });
});
