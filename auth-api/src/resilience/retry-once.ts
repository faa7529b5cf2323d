import { setTimeout as delay } from 'node:timers/promises';

export interface RetryOnceOptions {
  /** Whether a second try can help: a lost connection, not a violated constraint, not an open circuit. */
  readonly isRetryable: (error: unknown) => boolean;
  /** The pause before the second try is drawn from half of this up to all of it, so that callers spread. */
  readonly maxDelayMs: number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly signal?: AbortSignal;
}

/**
 * Tries an idempotent operation a second time. Around the breaker and not inside it, so that each try is counted.
 * @throws what the second try throws, or the first where it is not retried
 */
export async function retryOnce<T>(operation: () => Promise<T>, options: RetryOnceOptions): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (options.signal?.aborted === true || !options.isRetryable(error)) throw error;
    const delayMs = options.maxDelayMs * (0.5 + options.random() / 2);
    await delay(delayMs, undefined, options.signal === undefined ? {} : { signal: options.signal });
    return operation();
  }
}
