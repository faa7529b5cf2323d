import type { Request, RequestHandler } from 'express';
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
  // Without a body there is none to parse.
  if (!Buffer.isBuffer(request.body)) return next();
  const body = parseJsonBody(request.body);
  if (body.kind === 'malformed') return send(response, problem('malformed_request'));
  request.body = body.value;
  next();
};
