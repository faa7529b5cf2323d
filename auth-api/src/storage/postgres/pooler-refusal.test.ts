import { expect, test } from '@jest/globals';
import { DependencyUnavailableError } from '../../domain/ports/dependency-unavailable.ts';
import { whileRefused } from './pooler-refusal.ts';

const unavailable = (message: string) => new DependencyUnavailableError('primary', 2, { cause: new Error(message) });
const refusal = unavailable('server login has been failing, cached error: connect failed (server_login_retry)');

/** Fails with these errors, one after the other, then works; on a clock that sleeping moves on. */
async function attempt(failures: readonly Error[], patienceMs: number) {
  let nowMs = 0;
  let calls = 0;
  const operation = async () => {
    const failure = failures[calls];
    calls += 1;
    if (failure !== undefined) throw failure;
    return 'done';
  };
  const sleep = async (milliseconds: number) => {
    nowMs += milliseconds;
  };
  const outcome = await whileRefused(operation, { patienceMs, now: () => nowMs, sleep }).catch((error) => error);
  return { outcome, calls, nowMs };
}

test('goes on as soon as the pooler reaches a server', async () => {
  expect(await attempt([refusal, refusal], 3000)).toMatchObject({ outcome: 'done', calls: 3 });
});

test('goes on as soon as it is no replica any more that is asked to write', async () => {
  const cause = Object.assign(new Error('cannot execute INSERT in a read-only transaction'), { code: '25006' });
  const replica = new DependencyUnavailableError('primary', 2, { cause });
  expect(await attempt([replica], 3000)).toMatchObject({ outcome: 'done', calls: 2 });
});

test('gives up when its patience ends, with what the pooler said last', async () => {
  const { outcome, nowMs } = await attempt(
    Array.from({ length: 100 }, () => refusal),
    3000,
  );
  expect(outcome).toBe(refusal);
  expect(nowMs).toBeLessThanOrEqual(3000);
});

test.each([
  [
    'a connection that was lost, of which nobody knows what was done',
    unavailable('Connection terminated unexpectedly'),
  ],
  ['any other error', new RangeError('no')],
])('never repeats after %s', async (_what, error) => {
  expect(await attempt([error], 3000)).toMatchObject({ outcome: error, calls: 1 });
});

test('waits for nothing where there is no patience', async () => {
  expect(await attempt([refusal], 0)).toMatchObject({ outcome: refusal, calls: 1 });
});
