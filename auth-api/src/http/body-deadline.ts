import type { IncomingMessage } from 'node:http';

/** By when a request must have sent its body, unless its route reads it as a stream. */
const bodyTimeoutMs = 30_000;

const deadlines = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/** Ends the connection of a request that sends its body for too long. */
export function setBodyDeadline(request: IncomingMessage, timeoutMs = bodyTimeoutMs): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return;
  liftBodyDeadline(request);
  const end = () => {
    // By then the connection may have another request.
    if (!request.complete) request.socket.destroy();
  };
  deadlines.set(request, setTimeout(end, timeoutMs).unref());
  request.once('close', () => liftBodyDeadline(request));
}

/** For a route that reads the body as it comes, and waits for no part of it too long. */
export function liftBodyDeadline(request: IncomingMessage): void {
  clearTimeout(deadlines.get(request));
}
