import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { GatheredReads, type GatheredReadsOptions } from './gathered-reads.ts';

/** Reads that end when they are told to. */
function gathering(options: Partial<GatheredReadsOptions<string>> = {}) {
  const sent: (readonly string[])[] = [];
  const pending: { resolve: (found: ReadonlyMap<string, string>) => void; reject: (error: Error) => void }[] = [];
  const reads = new GatheredReads<string>({
    read: (ids) => {
      sent.push([...ids]);
      const { promise, ...read } = Promise.withResolvers<ReadonlyMap<string, string>>();
      pending.push(read);
      return promise;
    },
    maxReads: 1,
    ...options,
  });
  const answer = (...ids: readonly string[]) => pending.shift()?.resolve(new Map(ids.map((id) => [id, `row ${id}`])));
  const fail = (message: string) => pending.shift()?.reject(new Error(message));
  return { reads, sent, answer, fail };
}

describe('reads of single rows', () => {
  test('begin at once where none is under way, or few', () => {
    const { reads, sent } = gathering({ maxReads: 2 });
    void reads.find('a');
    void reads.find('b');
    void reads.find('c');
    expect(sent).toEqual([['a'], ['b']]);
  });

  test('are gathered while one is under way, and each gets its own row, or none', async () => {
    const { reads, sent, answer } = gathering();
    const first = reads.find('a');
    const gathered = Promise.all([reads.find('b'), reads.find('c'), reads.find('d')]);
    answer('a');
    expect(await first).toBe('row a');
    answer('b', 'd');
    expect(await gathered).toEqual(['row b', undefined, 'row d']);
    expect(sent).toEqual([['a'], ['b', 'c', 'd']]);
  });

  test('share no answer that was on its way when they began', async () => {
    const { reads, sent, answer } = gathering();
    const before = reads.find('a');
    const after = reads.find('a');
    answer('a');
    await before;
    answer();
    expect([await before, await after]).toEqual(['row a', undefined]);
    expect(sent).toHaveLength(2);
  });

  test('are no more in one than it may have', async () => {
    const { reads, sent, answer } = gathering({ maxIds: 2 });
    const all = Promise.all(['a', 'b', 'c', 'd'].map((id) => reads.find(id)));
    for (const _ of [1, 2, 3]) {
      answer('a', 'b', 'c', 'd');
      await turn();
    }
    await all;
    expect(sent).toEqual([['a'], ['b', 'c'], ['d']]);
  });

  test('fail together, and no other with them', async () => {
    const { reads, fail, answer } = gathering();
    const first = reads.find('a');
    const next = Promise.allSettled([reads.find('b'), reads.find('c')]);
    fail('lost');
    await expect(first).rejects.toThrow('lost');
    fail('down');
    expect(await next).toEqual([1, 2].map(() => ({ status: 'rejected', reason: new Error('down') })));
    const last = reads.find('d');
    answer('d');
    expect(await last).toBe('row d');
  });

  test('are part of the trace of who asked first', async () => {
    const trace = new AsyncLocalStorage<string>();
    const traced: unknown[] = [];
    const reads = new GatheredReads<string>({
      read: async () => {
        traced.push(trace.getStore());
        await turn();
        return new Map();
      },
      maxReads: 1,
    });
    await Promise.all(['one', 'other', 'third'].map((name) => trace.run(name, () => reads.find(name))));
    expect(traced).toEqual(['one', 'other']);
  });
});

describe('while reads get no answer', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test('others wait for them only so long', () => {
    const { reads, sent } = gathering({ patienceMs: 100 });
    void reads.find('a');
    void reads.find('b');
    jest.advanceTimersByTime(99);
    void reads.find('c');
    expect(sent).toEqual([['a']]);
    jest.advanceTimersByTime(1);
    expect(sent).toEqual([['a'], ['b', 'c']]);
    jest.advanceTimersByTime(1_000);
    expect(sent).toHaveLength(2);
  });
});
