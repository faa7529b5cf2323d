import type { IncomingMessage } from 'node:http';
import { liftBodyDeadline, setBodyDeadline } from './body-deadline.ts';

/** The body ended in the middle: whoever sent it has left, or fell silent. */
export class BodyCutOffError extends Error {
  override name = 'BodyCutOffError';
}

/** For this long nothing may come of a body that is waited for. */
const longestSilenceMs = 60_000;

/**
 * The body as it comes, however long it is and takes: what is not read waits at the sender. What is left unread may take as
 * long as any body, so that the sender gets to the answer.
 * @throws BodyCutOffError
 */
export async function* bodyStream(request: IncomingMessage, silenceMs = longestSilenceMs): AsyncGenerator<Buffer> {
  liftBodyDeadline(request);
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  try {
    for (;;) {
      const { done, value } = await nextWithin(silenceMs, chunks, request);
      if (done === true) return;
      yield value;
    }
  } finally {
    await chunks.return?.();
    if (!request.complete) discardRest(request);
  }
}

function discardRest(request: IncomingMessage): void {
  setBodyDeadline(request);
  // The iterator's listener counts until the next turn of the event loop.
  setImmediate(() => request.resume());
}

async function nextWithin(
  silenceMs: number,
  chunks: AsyncIterator<Buffer>,
  request: IncomingMessage,
): Promise<IteratorResult<Buffer>> {
  const silence = setTimeout(() => request.destroy(), silenceMs);
  try {
    return await chunks.next();
  } catch (error) {
    throw new BodyCutOffError('the body was cut off', { cause: error });
  } finally {
    clearTimeout(silence);
  }
}
