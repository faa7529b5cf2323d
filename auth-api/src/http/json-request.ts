import type { Request, RequestHandler } from 'express';
import { BodyCutOffError } from './body-stream.ts';
import { parseJsonBody } from './json-body.ts';
import { problem } from './problem.ts';
import { send } from './sending.ts';

export function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0;
}

export const requireJson: RequestHandler = (request, response, next) => {
  if (hasBody(request) && request.is('application/json') === false) send(response, problem('unsupported_media_type'));
  else next();
};

export const readJson: RequestHandler = (request, response, next) => {
  if (!Buffer.isBuffer(request.body)) {
    // Of a client that has left meanwhile nothing is read: without its body the request would be another one.
    return hasBody(request) ? next(new BodyCutOffError('the client left before its body was read')) : next();
  }
  const body = parseJsonBody(request.body);
  if (body.kind === 'malformed') return send(response, problem('malformed_request'));
  request.body = body.value;
  next();
};
