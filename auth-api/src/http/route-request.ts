import type { BlockList } from 'node:net';
import type { Request, Response } from 'express';
import { bodyStream } from './body-stream.ts';
import { addressOf, networkOf } from './client-address.ts';
import { entityTagsIn } from './etag.ts';
import { refreshTokenIn } from './refresh-cookie.ts';
import type { RouteRequest } from './route.ts';

export type ClientOfRequest = Pick<RouteRequest<unknown, unknown>, 'clientAddress' | 'clientNetwork' | 'userAgent'>;

export function clientOf(request: Request, trustedProxies: BlockList): ClientOfRequest {
  const clientAddress = addressOf(request, trustedProxies);
  return {
    clientAddress,
    clientNetwork: networkOf(clientAddress, trustedProxies),
    userAgent: request.get('user-agent')?.slice(0, 400),
  };
}

export function routeRequest(
  request: Request,
  response: Response,
  { body, query }: { body: unknown; query: unknown },
): Omit<RouteRequest<unknown, unknown>, 'parameter' | 'event' | keyof ClientOfRequest> {
  const left = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) left.abort();
  });
  return {
    body,
    query,
    bytes: () => bodyStream(request),
    ifMatch: entityTagsIn(request.get('if-match') ?? '*'),
    idempotencyKey: request.get('idempotency-key'),
    browser: {
      origin: request.get('origin'),
      fetchSite: request.get('sec-fetch-site'),
      refreshCookie: refreshTokenIn(request.headers.cookie),
    },
    languages: languagesOf(request),
    signal: left.signal,
  };
}

/** `*`, and what stands there where the header is missing, is no language. */
function languagesOf(request: Request): string[] {
  const isTag = (language: string) => /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/.test(language);
  return request.acceptsLanguages().filter(isTag).slice(0, 5);
}
