import { describe, expect, test } from '@jest/globals';
import { LoginChecks } from './login-checks.ts';

const pods = ['a', 'b', 'c'].map((name) => ({ namespace: 'n', name, ip: '10.0.0.1' }));

/** Pods that share a limit of so many logins in each minute, or answer what `others` says. */
function checks(limit: number, others: Readonly<Record<string, number>> = {}) {
  const clock = { nowMs: 0 };
  const asked: { name: string; atMs: number }[] = [];
  const decided: number[] = [];
  const logins = new LoginChecks({
    now: () => clock.nowMs,
    logIn: async ({ name }) => {
      asked.push({ name, atMs: clock.nowMs });
      const within = decided.filter((atMs) => atMs > clock.nowMs - 60_000);
      if (within.length >= limit) return 429;
      decided.push(clock.nowMs);
      return others[name] ?? 401;
    },
  });
  return { clock, asked, check: () => logins.check(pods) };
}

describe('the logins of a check', () => {
  test('are three for each pod, and are not made again once it has passed', async () => {
    const { asked, check } = checks(100);
    expect(await check()).toEqual({ kind: 'passed' });
    expect(await check()).toEqual({ kind: 'passed' });
    expect(asked).toHaveLength(9);
  });

  test.each([1, 2, 3, 8])('pass within a limit of %i: what it holds back is no failure', async (limit) => {
    const { clock, check } = checks(limit);
    for (let seconds = 0; seconds < 60; seconds += 2) {
      clock.nowMs = seconds * 1000;
      expect(await check()).toEqual({ kind: 'passed' });
    }
  });

  test('are not passed while none was decided, and are tried again after a pause', async () => {
    const { clock, asked, check } = checks(0);
    expect(await check()).toEqual({ kind: 'limited' });
    clock.nowMs = 9_999;
    expect(await check()).toEqual({ kind: 'limited' });
    expect(asked).toHaveLength(3);
    clock.nowMs = 10_000;
    await check();
    expect(asked).toHaveLength(6);
  });

  test('have failed until the pod that could not decide one does, whatever the limit', async () => {
    const others: Record<string, number> = { b: 503 };
    const { clock, check } = checks(3, others);
    const failed = { kind: 'failed', message: 'POST /v1/login of b answered 503 to an unknown user' };
    expect(await check()).toEqual(failed);
    expect(await check()).toEqual(failed);
    others.b = 401;
    clock.nowMs = 70_000;
    expect(await check()).toEqual({ kind: 'passed' });
  });

  test('of a pod that failed have all pods asked anew', async () => {
    const others: Record<string, number> = { b: 503 };
    const { asked, check } = checks(100, others);
    await check();
    others.b = 401;
    await check();
    expect(asked.filter(({ name }) => name === 'a')).toHaveLength(4);
  });
});
