import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import { DependencyUnavailableError } from '../../domain/ports/dependency-unavailable.ts';
import { HashingPool, type HashingPoolOptions } from './hashing-pool.ts';
import { HashingThreadDiedError } from './hashing-thread.ts';
import { hashPolicy } from './policy.ts';

const pools: HashingPool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

function startPool(options: Partial<HashingPoolOptions> = {}): HashingPool {
  const nowMs = () => performance.now();
  const pool = new HashingPool({ policy: hashPolicy('bcrypt', 4), workers: 1, queueLength: 10, nowMs, ...options });
  pools.push(pool);
  return pool;
}

const dyingWorkerUrl = new URL('../../testing/dying-hashing-worker.ts', import.meta.url);

describe('the start', () => {
  test('is waited for until every thread can take a job', async () => {
    const pool = startPool({ workers: 2, queueLength: 0 });
    expect(pool.isFull).toBe(true);
    await pool.startedWithin(60_000);
    expect(pool.isFull).toBe(false);
    const outcomes = await Promise.all(['first', 'second'].map((password) => pool.hash(password)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['hashed', 'hashed']);
  });

  test('is waited for no longer than it is told, where no thread starts', async () => {
    const pool = startPool({ workerUrl: new URL('file:///there-is-none.js') });
    await pool.startedWithin(50);
    expect(pool.isFull).toBe(false);
  });
});

describe('hashing in threads', () => {
  test('hashes and verifies', async () => {
    const pool = startPool();
    const hashed = await pool.hash('correct horse battery');
    if (hashed.kind !== 'hashed') throw new Error(hashed.kind);
    expect(await pool.verify('correct horse battery', hashed.hash)).toEqual({ kind: 'matched' });
    expect(await pool.verify('another', hashed.hash)).toEqual({ kind: 'mismatched' });
    expect(await pool.verify('correct horse battery', undefined)).toEqual({ kind: 'mismatched' });
  });

  test('argon2id', async () => {
    const pool = startPool({ policy: hashPolicy('argon2id', 11) });
    const hashed = await pool.hash('correct horse battery');
    if (hashed.kind !== 'hashed') throw new Error(hashed.kind);
    expect(hashed.hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await pool.verify('correct horse battery', hashed.hash)).toEqual({ kind: 'matched' });
  });

  test('a legacy match brings the upgraded hash', async () => {
    const md5Hash = createHash('md5').update('old password').digest('hex');
    const outcome = await startPool().verify('old password', md5Hash);
    expect(outcome).toEqual({ kind: 'matched', upgradedHash: expect.stringMatching(/^\$2b\$04\$/) });
  });

  test('the same characters typed in another Unicode form match', async () => {
    const pool = startPool();
    const hashed = await pool.hash('pâté de foie gras'.normalize('NFC'));
    if (hashed.kind !== 'hashed') throw new Error(hashed.kind);
    expect(await pool.verify('pâté\u00a0de foie gras'.normalize('NFD'), hashed.hash)).toEqual({ kind: 'matched' });
  });

  test('a new password over 72 bytes is refused for bcrypt', async () => {
    expect(await startPool().hash('é'.repeat(37))).toEqual({ kind: 'tooLong', maxBytes: 72 });
  });
});

describe('the queue', () => {
  test('keeps with each job what trace it came from, whoever is served when it ends', async () => {
    let current: string | undefined = 'first';
    const traces: (string | undefined)[] = [];
    const pool = startPool({ currentTraceId: () => current, onJobDone: ({ traceId }) => traces.push(traceId) });
    const jobs = [pool.hash('one password')];
    current = undefined;
    jobs.push(pool.hash('another password'));
    current = 'third';
    await Promise.all(jobs);
    expect(traces).toEqual(['first', undefined]);
  });

  test('answers overloaded beyond its bound, with a time to come back after', async () => {
    const pool = startPool({ queueLength: 2 });
    const jobs = Array.from({ length: 5 }, () => pool.hash('correct horse battery'));
    expect(pool.isFull).toBe(true);
    const outcomes = await Promise.all(jobs);
    expect(pool.isFull).toBe(false);
    expect(outcomes.map((outcome) => outcome.kind)).toEqual([
      'hashed',
      'hashed',
      'overloaded',
      'overloaded',
      'overloaded',
    ]);
    expect(outcomes[4]).toEqual({ kind: 'overloaded', retryAfterSeconds: expect.any(Number) });
    expect(pool.snapshot()).toMatchObject({ completed: 2, overloaded: 3, queued: 0, busy: 0 });
  });

  test('a job whose caller left while it was queued is not computed and frees its place', async () => {
    const pool = startPool({ queueLength: 2 });
    const caller = new AbortController();
    const left = pool.hash('first', { signal: caller.signal });
    const stayed = pool.hash('second');
    caller.abort();
    const late = pool.hash('third');
    expect(await left).toEqual({ kind: 'abandoned' });
    expect(await stayed).toMatchObject({ kind: 'hashed' });
    expect(await late).toMatchObject({ kind: 'hashed' });
    expect(pool.snapshot()).toMatchObject({ completed: 2, abandoned: 1 });
  });

  test('a job for which no thread comes is not kept waiting for ever, nor is the end of the pool', async () => {
    const pool = startPool({ workerUrl: new URL('file:///there-is-none.js'), longestWaitMs: 50 });
    const waited = pool.hash('first');
    const closed = pool.close();
    expect(await waited).toEqual({ kind: 'overloaded', retryAfterSeconds: 1 });
    expect(pool.snapshot()).toMatchObject({ overloaded: 1, abandoned: 0, queued: 0 });
    await closed;
  });

  test('closing finishes what was accepted and refuses what comes after', async () => {
    const pool = startPool();
    const accepted = pool.hash('first');
    const closed = pool.close();
    expect(await pool.hash('second')).toMatchObject({ kind: 'overloaded' });
    expect(await accepted).toMatchObject({ kind: 'hashed' });
    await closed;
  });
});

test('the death of a thread loses only the job that it held', async () => {
  const deaths: Error[] = [];
  const pool = startPool({ workerUrl: dyingWorkerUrl, onThreadDeath: (error) => deaths.push(error) });
  const jobs = [pool.hash('first'), pool.hash('die'), pool.hash('third')];
  const [first, second, third] = await Promise.allSettled(jobs);
  expect(first).toMatchObject({ status: 'fulfilled', value: { hash: 'hash of first' } });
  expect(second).toMatchObject({ status: 'rejected', reason: expect.any(HashingThreadDiedError) });
  // Whoever asked is told to come again.
  expect(second).toMatchObject({ reason: expect.any(DependencyUnavailableError) });
  expect(second).toMatchObject({ reason: { retryAfterSeconds: 1, cause: new Error('exit code 3') } });
  expect(third).toMatchObject({ status: 'fulfilled', value: { hash: 'hash of third' } });
  expect(deaths).toHaveLength(1);
});

const onLinux = process.platform === 'linux' ? test : test.skip;
onLinux('threads lower their own priority and leave the main thread as it was', async () => {
  const before = niceValues();
  await startPool().hash('correct horse battery');
  const after = niceValues();
  expect(after.get(process.pid)).toBe(before.get(process.pid));
  const lowered = [...after].filter(([thread, nice]) => nice === 19 && before.get(thread) !== 19);
  expect(lowered).toHaveLength(1);
});

/** Field 19 of /proc/<pid>/task/<tid>/stat, after the name in parentheses, which may hold spaces. */
function niceValues(): Map<number, number> {
  const values = new Map<number, number>();
  for (const thread of readdirSync('/proc/self/task')) {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
    values.set(Number(thread), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]));
  }
  return values;
}
