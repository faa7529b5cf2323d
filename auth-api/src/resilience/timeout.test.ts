import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { retryOnce } from './retry-once.ts';
import { OperationTimeoutError, withTimeout } from './timeout.ts';

describe('withTimeout', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('gives the result of what ends in time, and leaves no timer', async () => {
    expect(await withTimeout(1000, async () => 'done')).toBe('done');
    expect(jest.getTimerCount()).toBe(0);
  });

  test('fails what does not, and tells it', async () => {
    let told: unknown;
    const hanging = withTimeout(1000, (signal) => {
      signal.addEventListener('abort', () => {
        told = signal.reason;
      });
      return new Promise<never>(() => {});
    });
    const outcome = expect(hanging).rejects.toThrow(OperationTimeoutError);
    await jest.advanceTimersByTimeAsync(1000);
    await outcome;
    expect(told).toBeInstanceOf(OperationTimeoutError);
  });

  test('ends when the caller leaves', async () => {
    const caller = new AbortController();
    const hanging = withTimeout(1000, () => new Promise<never>(() => {}), caller.signal);
    const outcome = expect(hanging).rejects.toThrow('left');
    caller.abort(new Error('left'));
    await outcome;
    expect(jest.getTimerCount()).toBe(0);
  });

  test('does not begin for a caller who has left', async () => {
    const operation = jest.fn(async () => 'done');
    await expect(withTimeout(1000, operation, AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
    expect(operation).not.toHaveBeenCalled();
  });
});

describe('retryOnce', () => {
  const options = { isRetryable: () => true, maxDelayMs: 2, random: () => 0.5 };
  const failing = (times: number) => {
    let calls = 0;
    return async () => {
      calls += 1;
      if (calls <= times) throw new Error(`failure ${calls}`);
      return calls;
    };
  };

  test.each([
    ['succeeds at once', 0, 1],
    ['succeeds the second time', 1, 2],
  ])('%s', async (_, failures, calls) => {
    expect(await retryOnce(failing(failures), options)).toBe(calls);
  });

  test('gives up after the second time', async () => {
    await expect(retryOnce(failing(2), options)).rejects.toThrow('failure 2');
  });

  test('does not repeat what a second try cannot help, nor for a caller who has left', async () => {
    await expect(retryOnce(failing(1), { ...options, isRetryable: () => false })).rejects.toThrow('failure 1');
    await expect(retryOnce(failing(1), { ...options, signal: AbortSignal.abort() })).rejects.toThrow('failure 1');
  });
});
