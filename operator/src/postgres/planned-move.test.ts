import { describe, expect, jest, test } from '@jest/globals';
import { PatroniRefused } from './patroni-api.ts';
import { type MoveParties, movePrimary } from './planned-move.ts';

/** Two poolers and a target that takes writes `switchMs` after Patroni was asked; time is that of the sleeps. */
function parties(switchMs: number, over: Partial<MoveParties<string>> = {}) {
  let nowMs = 0;
  let beganMs = Infinity;
  const paused = new Set<string>();
  const log: string[] = [];
  const note = (what: string) => log.push(what);
  const all: MoveParties<string> = {
    poolers: () => ['a', 'b'],
    checkpoint: async () => void note('checkpoint'),
    pause: async (pooler) => {
      note(`pause ${pooler}`);
      paused.add(pooler);
    },
    resume: async (pooler) => {
      note(`resume ${pooler}`);
      paused.delete(pooler);
    },
    begin: async () => {
      note('begin');
      beganMs = nowMs;
    },
    endsWithAnswer: false,
    isServed: async () => nowMs - beganMs >= switchMs,
    takesWrites: async () => nowMs - beganMs >= switchMs + 100,
    now: () => nowMs,
    sleep: async (milliseconds) => {
      nowMs += milliseconds;
    },
    ...over,
  };
  return { all, log, paused };
}

describe('movePrimary', () => {
  test('holds writes back at every pooler before it begins, and lets them go when the target takes them', async () => {
    const { all, log } = parties(2000);
    const outcome = await movePrimary(all);
    expect(log).toEqual(['checkpoint', 'pause a', 'pause b', 'begin', 'resume a', 'resume b']);
    expect(outcome).toMatchObject({ kind: 'moved' });
    expect(outcome.pauseSeconds).toBeGreaterThanOrEqual(2.1);
  });

  test('leaves nodes a second to send connections to the target, and less where writes have waited for long', async () => {
    expect((await movePrimary(parties(2000).all)).pauseSeconds).toBeCloseTo(3.1, 0);
    const slow = await movePrimary(parties(4200).all);
    expect(slow).toMatchObject({ kind: 'moved' });
    expect(slow.pauseSeconds).toBeLessThan(5);
  });

  test('lets writes go before the watchdogs would, though the target takes none', async () => {
    const { all, paused } = parties(60_000);
    const outcome = await movePrimary(all);
    expect(outcome.kind).toBe('late');
    expect(outcome.pauseSeconds).toBeLessThan(5);
    expect(paused.size).toBe(0);
  });

  test.each<[string, Partial<MoveParties<string>>]>([
    ['a transaction that does not end', { pause: async (pooler) => fail(pooler === 'b', 'Query read timeout') }],
    [
      'Patroni refuses',
      {
        begin: async () => {
          throw new PatroniRefused('no good candidates', true);
        },
      },
    ],
  ])('changes nothing for good and resumes all when %s', async (_why, over) => {
    const { all, log, paused } = parties(1000, over);
    const outcome = await movePrimary(all);
    expect(outcome).toMatchObject({ kind: 'given up', why: expect.stringMatching(/timeout|candidates/) });
    expect(log).toEqual(expect.arrayContaining(['resume a', 'resume b']));
    expect(log).not.toContain('begin');
    expect(paused.size).toBe(0);
  });

  test.each([
    [1500, 'moved'],
    [3500, 'given up'],
  ])('begins only where enough time is left once a pooler has taken %i ms to pause', async (pauseMs, kind) => {
    const { all, log, paused } = parties(2000);
    const pause = async (pooler: string) => {
      await all.pause(pooler);
      if (pooler === 'b') await all.sleep(pauseMs);
    };
    const outcome = await movePrimary({ ...all, pause });
    expect(outcome.kind).toBe(kind);
    if (kind === 'given up') expect(outcome).toMatchObject({ why: expect.stringContaining('took 3.5 s') });
    expect(log.includes('begin')).toBe(kind === 'moved');
    expect(paused.size).toBe(0);
  });

  test.each(['isServed', 'takesWrites'] as const)('lets writes go in time though %s never answers', async (look) => {
    jest.useFakeTimers();
    try {
      const { all, paused } = parties(0, { now: () => Date.now(), [look]: () => new Promise(() => undefined) });
      const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
      const moving = movePrimary({ ...all, ...(look === 'isServed' ? {} : { isServed: async () => true }), sleep });
      await jest.advanceTimersByTimeAsync(4600);
      expect(paused.size).toBe(0);
      expect((await moving).kind).toBe('late');
    } finally {
      jest.useRealTimers();
    }
  });

  test('goes on looking when Patroni does not answer: it may have begun', async () => {
    const { all } = parties(1000);
    const begun = all.begin;
    const begin = async () => {
      await begun();
      throw new PatroniRefused('no answer', false);
    };
    expect((await movePrimary({ ...all, begin })).kind).toBe('moved');
  });

  test('does not stumble over a pooler that cannot be told to resume', async () => {
    const { all, log } = parties(500, { resume: async (pooler) => fail(pooler === 'a', 'gone') });
    expect((await movePrimary(all)).kind).toBe('moved');
    expect(log).toContain('begin');
  });

  test('takes a restarted primary for done only when Patroni says so', async () => {
    const { all } = parties(0, { endsWithAnswer: true, begin: () => new Promise(() => undefined) });
    const answered = parties(0, { endsWithAnswer: true });
    expect((await movePrimary(all)).kind).toBe('late');
    expect((await movePrimary(answered.all)).kind).toBe('moved');
  });

  test('holds writes back at the poolers that are there once the checkpoint is done', async () => {
    const there = ['a'];
    const { all, log } = parties(500, { poolers: () => there, checkpoint: async () => void there.push('late') });
    expect((await movePrimary(all)).kind).toBe('moved');
    expect(log).toEqual(expect.arrayContaining(['pause late', 'resume late']));
  });

  test('pauses nothing where something stands in the way once the checkpoint is done', async () => {
    const { all, log } = parties(500, { poolers: () => fail(true, 'a migration has to end') ?? [] });
    expect(await movePrimary(all)).toMatchObject({ kind: 'given up', why: 'a migration has to end' });
    expect(log).toEqual(['checkpoint']);
  });

  test('pauses nothing when the checkpoint fails', async () => {
    const { all, log } = parties(0, { checkpoint: async () => fail(true, 'down') });
    await expect(movePrimary(all)).rejects.toThrow('down');
    expect(log).toEqual([]);
  });
});

function fail(when: boolean, message: string): void {
  if (when) throw new Error(message);
}
