import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { clientNetwork } from './client-network.ts';
import { gcra } from './gcra.ts';
import type { LimitStore } from './limit-store.ts';
import { Limits, type LimitsOptions } from './limits.ts';
import { defaultLockoutPolicy } from './lockout.ts';
import { MemoryLimitStore } from './memory-limit-store.ts';

function startLimits(options: Partial<LimitsOptions> = {}) {
  let nowMs = 1_000_000;
  const limits = new Limits({
    rules: { login_account: { limit: 3, periodSeconds: 60 } },
    lockout: { threshold: 3, firstLockSeconds: 30, longestLockSeconds: 100, memorySeconds: 3600 },
    shared: undefined,
    fallback: new MemoryLimitStore(() => nowMs, 100),
    ...options,
  });
  const advance = (seconds: number) => {
    nowMs += seconds * 1000;
  };
  return { limits, advance };
}

describe('a rate', () => {
  test('lets a burst through, then one each interval', async () => {
    const { limits, advance } = startLimits();
    for (let taken = 0; taken < 3; taken += 1) {
      expect(await limits.take('login_account', 'jane')).toEqual({ kind: 'allowed' });
    }
    expect(await limits.take('login_account', 'jane')).toEqual({ kind: 'limited', retryAfterSeconds: 20 });
    expect(await limits.take('login_account', 'joe')).toEqual({ kind: 'allowed' });
    advance(19);
    expect(await limits.take('login_account', 'jane')).toEqual({ kind: 'limited', retryAfterSeconds: 1 });
    advance(1);
    expect(await limits.take('login_account', 'jane')).toEqual({ kind: 'allowed' });
    expect(await limits.take('login_account', 'jane')).toEqual({ kind: 'limited', retryAfterSeconds: 20 });
  });

  test('never lets more through than the limit in any period and the limit again', () => {
    const rules = fc.record({
      limit: fc.integer({ min: 1, max: 20 }),
      periodSeconds: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(rules, fc.array(fc.nat(5_000), { maxLength: 200 }), (rule, pauses) => {
        const allowedAt: number[] = [];
        let [nowMs, arrivalMs]: [number, number | undefined] = [0, undefined];
        for (const pause of pauses) {
          nowMs += pause;
          const step = gcra(rule, arrivalMs, nowMs);
          if (step.kind === 'limited') {
            expect(gcra(rule, arrivalMs, nowMs + step.retryAfterMs).kind).toBe('allowed');
            continue;
          }
          arrivalMs = step.arrivalMs;
          allowedAt.push(nowMs);
          const inPeriod = allowedAt.filter((ms) => ms > nowMs - rule.periodSeconds * 1000);
          expect(inPeriod.length).toBeLessThanOrEqual(2 * rule.limit);
        }
      }),
    );
  });

  test('a rule that there is not is a mistake of the program', async () => {
    await expect(startLimits().limits.take('logout', 'jane')).rejects.toThrow(RangeError);
  });
});

describe('an account', () => {
  test('locks at the threshold, then for twice as long, up to the longest', async () => {
    const { limits, advance } = startLimits();
    const seconds: number[] = [];
    for (let failures = 0; failures < 7; failures += 1) {
      const decision = await limits.recordFailure('jane');
      seconds.push(decision.kind === 'lockedOut' ? decision.retryAfterSeconds : 0);
      advance(decision.kind === 'lockedOut' ? decision.retryAfterSeconds : 0);
    }
    expect(seconds).toEqual([0, 0, 30, 60, 100, 100, 100]);
  });

  test('is open again when the lock ends, and tries meanwhile do not prolong it', async () => {
    const { limits, advance } = startLimits();
    for (let failures = 0; failures < 3; failures += 1) await limits.recordFailure('jane');
    advance(10);
    expect(await limits.recordFailure('jane')).toEqual({ kind: 'lockedOut', retryAfterSeconds: 20 });
    expect(await limits.lockout('jane')).toEqual({ kind: 'lockedOut', retryAfterSeconds: 20 });
    advance(20);
    expect(await limits.lockout('jane')).toEqual({ kind: 'open' });
  });

  test.each(['a right password', 'an hour without failures'])('starts from nothing after %s', async (what) => {
    const { limits, advance } = startLimits();
    await limits.recordFailure('jane');
    await limits.recordFailure('jane');
    if (what === 'a right password') await limits.forgetFailures('jane');
    else advance(3600);
    expect(await limits.recordFailure('jane')).toEqual({ kind: 'open' });
  });
});

describe('an account that asks to try', () => {
  test('is admitted within its rate', async () => {
    const { limits } = startLimits();
    for (let admitted = 0; admitted < 3; admitted += 1) {
      expect(await limits.admit('login_account', 'jane')).toMatchObject({ kind: 'open' });
    }
    expect(await limits.admit('login_account', 'jane')).toEqual({ kind: 'limited', retryAfterSeconds: 20 });
    await expect(limits.admit('logout', 'jane')).rejects.toThrow(RangeError);
  });

  test('is told of its lock', async () => {
    const { limits } = startLimits();
    for (let failures = 0; failures < 3; failures += 1) await limits.recordFailure('jane');
    expect(await limits.admit('login_account', 'jane')).toEqual({ kind: 'lockedOut' });
  });

  test.each([
    ['has failed', 1, 'for all pods', true],
    ['has not', 0, 'for all pods', false],
    ['has not, as far as this pod knows', 0, 'by this pod alone', true],
  ])('%s', async (_, failures, counted, mayHaveFailed) => {
    const store = new MemoryLimitStore(() => 0);
    const { limits } = startLimits(counted === 'for all pods' ? { shared: store } : { fallback: store });
    for (let failed = 0; failed < failures; failed += 1) await limits.recordFailure('jane');
    expect(await limits.admit('login_account', 'jane')).toEqual({ kind: 'open', mayHaveFailed });
  });
});

describe('while Redis fails', () => {
  test('the pod counts by itself', async () => {
    const down = async () => Promise.reject(new Error('down'));
    const shared: LimitStore = { admit: down, take: down, lockedMs: down, recordFailure: down, forgetFailures: down };
    const onFallback = jest.fn();
    const { limits } = startLimits({ shared, onFallback });
    for (let taken = 0; taken < 3; taken += 1) await limits.take('login_account', 'jane');
    expect(await limits.take('login_account', 'jane')).toMatchObject({ kind: 'limited' });
    for (let failures = 0; failures < 3; failures += 1) await limits.recordFailure('jane');
    expect(await limits.lockout('jane')).toMatchObject({ kind: 'lockedOut' });
    expect(await limits.admit('login_account', 'jane')).toMatchObject({ kind: 'limited' });
    expect(onFallback).toHaveBeenCalledTimes(9);
  });

  test('and remembers a bounded number of subjects', async () => {
    const store = new MemoryLimitStore(() => 0, 2);
    const rule = { limit: 1, periodSeconds: 60 };
    for (const subject of ['a', 'b', 'c']) await store.take(subject, rule);
    expect(await store.take('c', rule)).toBeGreaterThan(0);
    expect(await store.take('a', rule)).toBe(0);
  });
});

test.each([
  ['203.0.113.7', '203.0.113.7/32'],
  ['::ffff:203.0.113.7', '203.0.113.7/32'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:0001:0002::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['64:ff9b::203.0.113.7', '64:ff9b:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['not an address', 'unknown'],
  [undefined, 'unknown'],
])('the network of %s is %s', (address, network) => {
  expect(clientNetwork(address)).toBe(network);
});

test.each([{ threshold: 0 }, { firstLockSeconds: 0 }, { longestLockSeconds: 1 }, { memorySeconds: 900 }])(
  'refuses the lockout policy %j',
  (part) => {
    expect(() => startLimits({ lockout: { ...defaultLockoutPolicy, ...part } })).toThrow(RangeError);
  },
);

test.each([
  { limit: 0, periodSeconds: 1 },
  { limit: 1, periodSeconds: 0 },
])('refuses the rule %j', (rule) => {
  expect(() => startLimits({ rules: { login: rule } })).toThrow(RangeError);
});
