import { describe, expect, jest, test } from '@jest/globals';
import { CircuitBreaker, CircuitOpenError, ProbeTimeoutError } from './circuit-breaker.ts';
import type { CircuitBreakerOptions } from './circuit-breaker-options.ts';

class CallersMistake extends Error {}

/** A breaker with a clock, and calls that end when they are told to. */
function circuit(options: Partial<CircuitBreakerOptions> = {}) {
  let nowMs = 1_000_000;
  const isIgnored = (error: unknown) => error instanceof CallersMistake;
  const breaker = new CircuitBreaker({ name: 'primary', nowMs: () => nowMs, isIgnored, ...options });
  const call = () => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    // A rejected call never looks at it.
    promise.catch(() => {});
    const outcome = breaker
      .execute(() => promise)
      .then(
        () => 'succeeded',
        (error: Error) => error.name,
      );
    return { end: (error?: Error) => (error === undefined ? resolve('') : reject(error)), outcome };
  };
  const endAtOnce = async (error?: Error) => {
    const started = call();
    started.end(error);
    return started.outcome;
  };
  return {
    breaker,
    call,
    state: () => breaker.snapshot().currentState,
    advance: (seconds: number) => {
      nowMs += seconds * 1000;
    },
    succeed: () => endAtOnce(),
    fail: () => endAtOnce(new Error('down')),
    mistake: () => endAtOnce(new CallersMistake()),
    open: async () => {
      for (let failures = 0; failures < 10; failures += 1) await endAtOnce(new Error('down'));
    },
  };
}

/** s a success, f a failure, i an ignored error, x a rejected call, digits: that many seconds pass. */
const sequences: [rule: string, sequence: string, state: string][] = [
  ['nothing happens', '', 'closed'],
  ['fewer than ten calls never trip', 'fffffffff', 'closed'],
  ['ten failures trip', 'ffffffffff', 'open'],
  ['half of ten trip, in any order', 'sssssfffff', 'open'],
  ['a success that completes ten calls trips too', 'fffffffffs', 'open'],
  ['four of ten do not', 'ssssssffff', 'closed'],
  ['the rate is of the whole window', 'ssssssssssssfffffffffff', 'closed'],
  ['and trips when it reaches one half', 'ssssssssssssffffffffffff', 'open'],
  ['ignored errors count neither way', 'iiiiiiiiiifffffffff', 'closed'],
  ['failures are forgotten after the window', 'fffff60fffff', 'closed'],
  ['and not before', 'fffff59fffff', 'open'],
  ['open, everything is rejected', 'ffffffffffxxx', 'open'],
  ['up to the end of the recovery time', 'ffffffffff29xxx', 'open'],
  ['rejections do not prolong it', 'ffffffffff20x10s', 'half-open'],
  ['the first call after it is a probe', 'ffffffffff30s', 'half-open'],
  ['closing waits for all three probes', 'ffffffffff30ss', 'half-open'],
  ['three successes close', 'ffffffffff30sss', 'closed'],
  ['one failed probe opens again', 'ffffffffff30f', 'open'],
  ['the last one too', 'ffffffffff30ssf', 'open'],
  ['for a whole recovery time', 'ffffffffff30ssf29x', 'open'],
  ['and then probes again', 'ffffffffff30ssf30sss', 'closed'],
  ['an ignored error gives its permit back', 'ffffffffff30iiiiisss', 'closed'],
  ['closed again, the window is empty', 'ffffffffff30sssfffffffff', 'closed'],
  ['and trips as before', 'ffffffffff30sssffffffffff', 'open'],
];

describe('call sequences', () => {
  test.each(sequences)('%s: %s -> %s', async (_, sequence, state) => {
    const { advance, succeed, fail, mistake, state: current } = circuit();
    for (const step of sequence.match(/\d+|\D/g) ?? []) {
      if (step === 's') expect(await succeed()).toBe('succeeded');
      else if (step === 'f') expect(await fail()).toBe('Error');
      else if (step === 'i') expect(await mistake()).toBe('Error');
      else if (step === 'x') expect(await succeed()).toBe('CircuitOpenError');
      else advance(Number(step));
    }
    expect(current()).toBe(state);
  });
});

describe('half-open, with calls at once', () => {
  test('exactly three probes run, the excess is rejected without being called', async () => {
    const { breaker, open, advance, call, state } = circuit();
    await open();
    advance(30);
    const probes = [call(), call(), call()];
    const excess = jest.fn(async () => 'called');
    await expect(breaker.execute(excess)).rejects.toThrow(CircuitOpenError);
    expect(excess).not.toHaveBeenCalled();
    for (const probe of probes) probe.end();
    expect(await Promise.all(probes.map((probe) => probe.outcome))).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(state()).toBe('closed');
  });

  test('two successes do not free permits: the third probe decides', async () => {
    const { open, advance, call, succeed, state } = circuit();
    await open();
    advance(30);
    const [first, second, third] = [call(), call(), call()];
    first.end();
    second.end();
    await Promise.all([first.outcome, second.outcome]);
    expect(await succeed()).toBe('CircuitOpenError');
    expect(state()).toBe('half-open');
    third.end();
    await third.outcome;
    expect(state()).toBe('closed');
  });

  test('after a failed probe the others are late and change nothing', async () => {
    const { breaker, open, advance, call, succeed, state } = circuit();
    await open();
    advance(30);
    const [first, second, third] = [call(), call(), call()];
    first.end(new Error('down'));
    await first.outcome;
    expect(state()).toBe('open');
    second.end();
    third.end(new Error('down'));
    await Promise.all([second.outcome, third.outcome]);
    expect(breaker.snapshot()).toMatchObject({ currentState: 'open', late: 2, failed: 11, success: 0 });
    advance(30);
    expect(await succeed()).toBe('succeeded');
    expect(state()).toBe('half-open');
  });

  test('a call that began while closed is no probe, whenever it ends', async () => {
    const { breaker, open, advance, call, succeed, state } = circuit();
    const [slowSuccess, slowFailure] = [call(), call()];
    await open();
    advance(30);
    await succeed();
    slowSuccess.end();
    slowFailure.end(new Error('down'));
    await Promise.all([slowSuccess.outcome, slowFailure.outcome]);
    expect(state()).toBe('half-open');
    expect(breaker.snapshot().late).toBe(2);
    await succeed();
    await succeed();
    expect(state()).toBe('closed');
  });

  test('an ignored error lets one more probe in, no more', async () => {
    const { open, advance, call, mistake, succeed } = circuit();
    await open();
    advance(30);
    const running = [call(), call()];
    await mistake();
    const third = call();
    expect(await succeed()).toBe('CircuitOpenError');
    for (const probe of [...running, third]) probe.end();
    await third.outcome;
  });

  test('a probe that does not end fails by time-out, and its result is late', async () => {
    jest.useFakeTimers();
    try {
      const { breaker, open, advance, call } = circuit({ probeTimeoutSeconds: 5 });
      await open();
      advance(30);
      const hanging = call();
      await jest.advanceTimersByTimeAsync(4_999);
      expect(breaker.snapshot().currentState).toBe('half-open');
      await jest.advanceTimersByTimeAsync(1);
      expect(await hanging.outcome).toBe(ProbeTimeoutError.name);
      expect(breaker.snapshot().currentState).toBe('open');
      hanging.end();
      await jest.runAllTimersAsync();
      expect(breaker.snapshot()).toMatchObject({ currentState: 'open', failed: 11, success: 0 });
    } finally {
      jest.useRealTimers();
    }
  });
});

test('calls that block are counted like others', () => {
  const { breaker } = circuit({ minimumCalls: 2 });
  const fail = () =>
    breaker.executeSync(() => {
      throw new Error('down');
    });
  expect(breaker.executeSync(() => 42)).toBe(42);
  expect(fail).toThrow('down');
  expect(fail).toThrow(CircuitOpenError);
  expect(breaker.snapshot()).toMatchObject({ total: 3, success: 1, failed: 1, rejected: 1, currentState: 'open' });
});

test('an operation that throws before it returns a promise has failed', async () => {
  const { breaker } = circuit();
  const operation = (): Promise<string> => {
    throw new Error('down');
  };
  await expect(breaker.execute(operation)).rejects.toThrow('down');
  expect(breaker.snapshot().failed).toBe(1);
});

test('a rejection says when to come back', async () => {
  const { breaker, open, advance } = circuit();
  await open();
  advance(12.5);
  await expect(breaker.execute(async () => '')).rejects.toMatchObject({ dependency: 'primary', retryAfterSeconds: 18 });
});

test('a reset closes, empties the window, and drops calls under way', async () => {
  const { breaker, open, call, fail, state } = circuit();
  const underWay = call();
  await open();
  breaker.reset();
  expect(state()).toBe('closed');
  underWay.end(new Error('down'));
  await underWay.outcome;
  for (let failures = 0; failures < 9; failures += 1) await fail();
  expect(state()).toBe('closed');
  expect(breaker.snapshot().late).toBe(1);
});

describe('the snapshot', () => {
  test('shows counts, rates and times', async () => {
    const { breaker, advance, succeed, fail, mistake } = circuit();
    for (let calls = 0; calls < 5; calls += 1) await succeed();
    await mistake();
    for (let calls = 0; calls < 5; calls += 1) await fail();
    await succeed();
    advance(7);
    expect(breaker.snapshot()).toEqual({
      name: 'primary',
      currentState: 'open',
      total: 12,
      success: 5,
      failed: 5,
      rejected: 1,
      ignored: 1,
      late: 0,
      successRate: 0.5,
      callsInWindow: 10,
      failureRate: 0.5,
      secondsSinceLastChange: 7,
      stateChanges: [{ from: 'closed', to: 'open', at: new Date(1_000_000), reason: 'failure-rate' }],
    });
  });

  test('has no rates before the first call, and keeps ten changes', async () => {
    const { breaker } = circuit();
    expect(breaker.snapshot()).toMatchObject({ successRate: null, failureRate: null, stateChanges: [] });
    for (let resets = 0; resets < 12; resets += 1) breaker.reset();
    expect(breaker.snapshot().stateChanges).toHaveLength(10);
  });
});

test.each([
  { failureRateThreshold: 0 },
  { failureRateThreshold: 1.1 },
  { windowSeconds: 0 },
  { minimumCalls: 0 },
  { halfOpenRequests: 1.5 },
  { recoverySeconds: Number.NaN },
  { probeTimeoutSeconds: -1 },
])('refuses the options %j', (options) => {
  expect(() => circuit(options)).toThrow(RangeError);
});
