/** The operation did not end in time. Whether it took effect is not known: retry only what is idempotent. */
export class OperationTimeoutError extends Error {
  override name = 'OperationTimeoutError';
}

/**
 * Runs an operation that must end within `timeoutMs` and no later than its caller leaves. The signal it is given fires
 * in both cases; an operation that does not heed it is left behind, and its late result dropped.
 * @throws OperationTimeoutError, or the reason of the caller's signal
 */
export async function withTimeout<T>(
  timeoutMs: number,
  operation: (signal: AbortSignal) => Promise<T>,
  callerSignal?: AbortSignal,
): Promise<T> {
  callerSignal?.throwIfAborted();
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const onCallerAbort = () => controller.abort(callerSignal?.reason);
  callerSignal?.addEventListener('abort', onCallerAbort, { once: true });
  const onTimeout = () => controller.abort(new OperationTimeoutError(`did not end within ${timeoutMs} ms`));
  const timer = setTimeout(onTimeout, timeoutMs);
  try {
    return await Promise.race([operation(signal), aborted]);
  } finally {
    clearTimeout(timer);
    callerSignal?.removeEventListener('abort', onCallerAbort);
  }
}
