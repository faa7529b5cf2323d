import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ErrorRequestHandler, Response } from 'express';
import { DependencyUnavailableError } from '../domain/ports/dependency-unavailable.ts';
import { BodyCutOffError } from './body-stream.ts';
import type { FailureLog } from './failure-log.ts';
import { type Answer, comeBackLater, problem } from './problem.ts';

/** Tokens and accounts are in most answers: nothing is stored unless a route says so. */
export function send(response: Response, { status, body, headers = {} }: Answer): void {
  if (response.destroyed) return;
  response.status(status).set({ 'cache-control': 'no-store', ...headers });
  if (body === undefined) response.end();
  else response.type(headers['content-type'] ?? 'application/json').send(JSON.stringify(body));
}

/** What fails on the way ends the connection, so that nobody takes a part for the whole. */
export async function sendStream(
  response: Response,
  { status, headers = {} }: Answer,
  stream: AsyncIterable<string>,
): Promise<void> {
  response.status(status).set({ 'cache-control': 'no-store', ...headers });
  await pipeline(Readable.from(stream), response).catch((error: unknown) => {
    // Who has left needs no more of it.
    if (!isPrematureClose(error)) throw error;
  });
}

function isPrematureClose(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** Express tells an error handler by its four parameters. */
export function handleError(failureLog: FailureLog): ErrorRequestHandler {
  return (error: unknown, _request, response, _next) => {
    const answer = answerTo(error);
    if (answer.status >= 500) failureLog(error, 'the request failed');
    if (response.headersSent) response.destroy();
    else send(response, answer);
  };
}

function answerTo(error: unknown): Answer {
  if (error instanceof DependencyUnavailableError) return comeBackLater('unavailable', error.retryAfterSeconds);
  if (error instanceof BodyCutOffError) return problem('malformed_request');
  // body-parser's errors carry the status of the client's mistake.
  const status = error instanceof Error && 'status' in error ? error.status : 500;
  if (status === 413) return problem('content_too_large');
  if (status === 415) return problem('unsupported_media_type');
  if (typeof status === 'number' && status >= 400 && status < 500) return problem('malformed_request');
  return problem('internal_error');
}
