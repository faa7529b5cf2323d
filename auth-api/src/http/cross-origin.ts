import type { Request, RequestHandler } from 'express';

const methods = 'GET, POST, PUT, PATCH, DELETE';
const requestHeaders = 'Authorization, Content-Type, If-Match, Idempotency-Key, Traceparent, Tracestate, X-Request-Id';
/** Beside those that a page may always read. */
const answerHeaders = 'ETag, Location, Retry-After, WWW-Authenticate, X-Request-Id';
/** Chromium keeps no preflight for longer. */
const preflightSeconds = 7200;

/**
 * Lets pages of these origins ask, and read the answers (CORS, in the Fetch standard). Whoever is not in a browser gets the
 * same as without it, and so do pages of other origins, whose browser then keeps the answer from them.
 */
export function crossOrigin(origins: ReadonlySet<string>): RequestHandler {
  return (request, response, next) => {
    // The same for everybody, cookies or none: caches on the way need not keep one for each origin.
    const isForAll = isPublicDocument(request.path);
    if (!isForAll) response.vary('Origin');
    const origin = request.get('origin');
    const isAllowed = origin !== undefined && origins.has(origin);
    if (isForAll) response.set('access-control-allow-origin', '*');
    else if (isAllowed)
      response.set({ 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true' });
    if (isForAll || isAllowed) response.set('access-control-expose-headers', answerHeaders);
    if (!isAllowed || !isPreflight(request)) return next();
    response.locals.operation = 'preflight';
    response.set({
      'access-control-allow-methods': methods,
      'access-control-allow-headers': requestHeaders,
      'access-control-max-age': String(preflightSeconds),
    });
    response.status(204).end();
  };
}

function isPreflight(request: Request): boolean {
  return request.method === 'OPTIONS' && request.get('access-control-request-method') !== undefined;
}

/** What the gateway keeps and gives to everybody. */
function isPublicDocument(path: string): boolean {
  return path.startsWith('/.well-known/') || path === '/openapi.json';
}
