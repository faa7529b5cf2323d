import { describe, expect, test } from '@jest/globals';
import { FakeClock } from '../testing/fake-clock.ts';
import { WorkQueue } from './work-queue.ts';

function queueWith(random = 1) {
  const clock = new FakeClock();
  return { clock, queue: new WorkQueue({ clock, random: () => random }) };
}

describe('WorkQueue', () => {
  test('hands a key out once however often it was added', async () => {
    const { queue } = queueWith();
    queue.add('a');
    queue.add('a');
    expect(await queue.take()).toBe('a');
    expect(queue.depth).toBe(0);
  });

  test('gives a key to one worker at a time, and again when it was added meanwhile', async () => {
    const { queue } = queueWith();
    queue.add('a');
    await queue.take();
    queue.add('a');
    queue.add('a');
    expect(queue.depth).toBe(0);
    queue.done('a');
    expect(queue.depth).toBe(1);
    expect(await queue.take()).toBe('a');
    queue.done('a');
    expect(queue.depth).toBe(0);
  });

  test('hands a key to a worker that already waits', async () => {
    const { queue } = queueWith();
    const taken = queue.take();
    queue.add('a');
    expect(await taken).toBe('a');
  });

  test('keeps the order of arrival', async () => {
    const { queue } = queueWith();
    for (const key of ['b', 'a', 'c']) queue.add(key);
    expect([await queue.take(), await queue.take(), await queue.take()]).toEqual(['b', 'a', 'c']);
  });

  test('hands out first what somebody asked for, however much waits, and each key once', async () => {
    const { queue } = queueWith();
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    for (const key of ['c', 'new']) queue.add(key, 'first');
    queue.add('c');
    expect(queue.depth).toBe(5);
    const taken: (string | undefined)[] = [];
    while (queue.depth > 0) taken.push(await queue.take());
    expect(taken).toEqual(['c', 'new', 'a', 'b', 'd']);
  });

  test('what is asked for while it is being worked on comes first afterwards', async () => {
    const { queue } = queueWith();
    queue.add('a');
    await queue.take();
    queue.add('b');
    queue.add('a');
    queue.add('a', 'first');
    queue.add('a');
    queue.done('a');
    expect([await queue.take(), await queue.take()]).toEqual(['a', 'b']);
    expect(queue.depth).toBe(0);
  });

  test('of several delays the earliest counts', () => {
    const { clock, queue } = queueWith();
    queue.addAfter('a', 1000);
    queue.addAfter('a', 500);
    queue.addAfter('a', 2000);
    clock.advance(499);
    expect(queue.depth).toBe(0);
    clock.advance(1);
    expect(queue.depth).toBe(1);
  });

  test('backs off from 5 ms to 1000 s, doubling', () => {
    const { queue } = queueWith();
    const delaysMs = Array.from({ length: 60 }, () => queue.retry('a'));
    expect(delaysMs.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect(Math.max(...delaysMs)).toBe(1_000_000);
    expect(delaysMs.at(-1)).toBe(1_000_000);
  });

  test('retries of all keys together keep to a rate', () => {
    const { queue } = queueWith();
    const delaysMs = Array.from({ length: 150 }, (_, index) => queue.retry(`key ${index}`));
    expect(delaysMs.slice(0, 100)).toEqual(Array(100).fill(5));
    expect(delaysMs.slice(100, 103)).toEqual([100, 200, 300]);
    expect(delaysMs.at(-1)).toBe(5000);
  });

  test('spreads retries by up to a quarter', () => {
    const { queue } = queueWith(0);
    expect(queue.retry('a')).toBe(3.75);
  });

  test('begins anew after a success', () => {
    const { queue } = queueWith();
    queue.retry('a');
    queue.retry('a');
    queue.forget('a');
    expect(queue.retry('a')).toBe(5);
  });

  test('lets waiting workers go when it is closed and hands out nothing more', async () => {
    const { clock, queue } = queueWith();
    const taken = queue.take();
    queue.addAfter('a', 10);
    queue.close();
    clock.advance(100);
    queue.add('b');
    expect(await taken).toBeUndefined();
    expect(await queue.take()).toBeUndefined();
  });

  test('tells how long unfinished work has been going on', async () => {
    const { clock, queue } = queueWith();
    queue.add('a');
    queue.add('b');
    await queue.take();
    clock.advance(2000);
    await queue.take();
    clock.advance(1000);
    expect(queue.unfinished()).toEqual({ totalSeconds: 4, longestSeconds: 3 });
  });

  test('counts a key that has become more urgent once, and how long it waited from the beginning', async () => {
    const clock = new FakeClock();
    const told: unknown[] = [];
    const observer = {
      added: () => told.push('added'),
      retried: () => undefined,
      depth: (keys: number) => told.push(keys),
      started: (seconds: number) => told.push(`waited ${seconds}`),
      finished: () => undefined,
    };
    const queue = new WorkQueue({ clock, random: () => 1, observer });
    queue.add('a');
    clock.advance(2000);
    queue.add('a', 'first');
    await queue.take();
    expect(told).toEqual(['added', 1, 1, 0, 'waited 2']);
  });
});
