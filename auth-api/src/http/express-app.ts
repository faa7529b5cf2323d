import type { BlockList } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import type { Logger } from 'pino';
import { authenticate } from '../domain/access.ts';
import { holdsAll } from '../domain/permissions.ts';
import { DependencyUnavailableError } from '../domain/ports/dependency-unavailable.ts';
import { isService, type TokenClaims } from '../domain/ports/tokens.ts';
import { missingForStepUp } from '../domain/second-factor.ts';
import type { Metrics } from '../observability/metrics.ts';
import { recordedTraceId } from '../observability/trace-context.ts';
import { auditOrigin, eventOf, isAudited, noteEvent, recordAct } from './audited.ts';
import { bearerToken } from './bearer-token.ts';
import { BodyCutOffError, bodyStream } from './body-stream.ts';
import { withoutDeadCookie } from './browser-sessions.ts';
import { addressOf, networkOf } from './client-address.ts';
import { crossOrigin } from './cross-origin.ts';
import { parseJsonBody } from './json-body.ts';
import { openApiDocument } from './openapi.ts';
import { type Answer, comeBackLater, problem, stepUpNeeded, unauthenticated } from './problem.ts';
import { publicDocument } from './public-document.ts';
import { refreshTokenIn } from './refresh-cookie.ts';
import { checkRequest } from './request-check.ts';
import type { RequestLog } from './request-log.ts';
import type { ApiPorts, Route, RouteRequest } from './route.ts';

export interface ExpressAppOptions {
  readonly routes: readonly Route[];
  readonly ports: ApiPorts;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly requestLog: RequestLog;
  readonly trustedProxies: BlockList;
}

/** Everything but the hot path. */
export function createExpressApp(options: ExpressAppOptions): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.use(observe(options));
  const { browserOrigins } = options.ports;
  if (browserOrigins.size > 0) app.use(crossOrigin(browserOrigins));
  // Before the bodies of all others are read whole.
  mount(app, options.routes.filter(takesLines), options);
  app.use(requireJson, express.raw({ type: 'application/json', limit: '16kb' }), readJson);
  mount(
    app,
    options.routes.filter((route) => !takesLines(route)),
    options,
  );
  const document = publicDocument(openApiDocument(options.routes));
  app.get('/openapi.json', (_, response) => send(response, document));
  for (const [path, allowed] of methodsByPath(options.routes)) {
    app.all(path, (_, response) => send(response, problem('method_not_allowed', { headers: { allow: allowed } })));
  }
  app.use((_, response) => send(response, problem('not_found')));
  app.use(handleError(options.log));
  return app;
}

function mount(app: Express, routes: readonly Route[], options: ExpressAppOptions): void {
  for (const route of routes) {
    const { method, path } = route.description;
    app[method](path.replaceAll(/\{(\w+)\}/g, ':$1'), serve(route, options));
  }
}

function takesLines({ description }: Route): boolean {
  return description.line !== undefined;
}

function serve(route: Route, { ports, trustedProxies }: ExpressAppOptions): RequestHandler {
  const { operation, endsSessions = false } = route.description;
  return async (request, response) => {
    response.locals.operation = operation;
    const token = route.access === 'bearer' ? bearerToken(request.headers.authorization) : undefined;
    const holder = token === undefined ? undefined : await authenticate(token, ports);
    if (route.access === 'bearer' && holder === undefined) {
      send(response, unauthenticated(token !== undefined));
      return;
    }
    const claims = holder === undefined || isService(holder) ? undefined : holder;
    const client = clientOf(request, trustedProxies);
    const parameter = (name: string) => String(request.params[name] ?? '');
    const event = eventOf(route, auditOrigin(client), { claims, parameter }, ports.audit);
    if (holder !== undefined && isService(holder)) event.about({ actorClient: holder.clientId });
    const forbidden = await refusal(route, holder, ports);
    if (forbidden !== undefined) {
      send(response, forbidden);
      noteEvent(route, event, forbidden, ports.audit);
      return;
    }
    const missing =
      route.description.needsStepUp === true && claims !== undefined
        ? await missingForStepUp(claims, ports.stepUpMaxAgeSeconds, ports)
        : undefined;
    if (missing !== undefined) {
      send(response, stepUpNeeded(ports.stepUpMaxAgeSeconds, missing.needsSecondFactor));
      return;
    }
    if (takesLines(route) && hasBody(request) && request.is('application/x-ndjson') === false) {
      send(response, problem('lines_expected'));
      return;
    }
    const checked = checkRequest(route.description, request);
    if (checked.kind === 'refused') {
      send(response, checked.answer);
      return;
    }
    const asked = { ...routeRequest(request, response, checked), ...client, parameter, event };
    const answer = await route.handle(asked, holder, ports);
    await recordAct(route, event, answer, ports.audit);
    if (claims !== undefined && isAudited(route.description) && answer.status < 400) {
      await ports.ownWrites.wrote(claims.sessionId);
    }
    const told = endsSessions ? await withoutDeadCookie(answer, asked.browser, ports) : answer;
    if (told.stream === undefined) send(response, told);
    else await sendStream(response, told, told.stream);
    noteEvent(route, event, answer, ports.audit);
  };
}

async function refusal(
  { isForServices = false, description: { permission } }: Route,
  holder: TokenClaims | undefined,
  ports: ApiPorts,
): Promise<Answer | undefined> {
  if (holder !== undefined && isService(holder) && !isForServices) {
    return problem('forbidden', { detail: 'this is for users, not for services' });
  }
  if (permission === undefined || (holder !== undefined && (await holdsAll(holder, [permission], ports)))) return;
  return problem('forbidden');
}

type ClientOfRequest = Pick<RouteRequest<unknown, unknown>, 'clientAddress' | 'clientNetwork' | 'userAgent'>;

function clientOf(request: Request, trustedProxies: BlockList): ClientOfRequest {
  return {
    clientAddress: addressOf(request, trustedProxies),
    clientNetwork: networkOf(request, trustedProxies),
    userAgent: request.get('user-agent')?.slice(0, 400),
  };
}

function routeRequest(
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
    ifMatch: request.get('if-match'),
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

/** Tokens and accounts are in most answers: nothing is stored unless a route says so. */
function send(response: Response, { status, body, headers = {} }: Answer): void {
  if (response.destroyed) return;
  response.status(status).set({ 'cache-control': 'no-store', ...headers });
  if (body === undefined) response.end();
  else response.type(headers['content-type'] ?? 'application/json').send(JSON.stringify(body));
}

/** What fails on the way ends the connection, so that nobody takes a part for the whole. */
async function sendStream(
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

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0;
}

const requireJson: RequestHandler = (request, response, next) => {
  if (hasBody(request) && request.is('application/json') === false) send(response, problem('unsupported_media_type'));
  else next();
};

const readJson: RequestHandler = (request, response, next) => {
  // Without a body there is none to parse.
  if (!Buffer.isBuffer(request.body)) return next();
  const body = parseJsonBody(request.body);
  if (body.kind === 'malformed') return send(response, problem('malformed_request'));
  request.body = body.value;
  next();
};

function observe({ metrics, requestLog }: ExpressAppOptions): RequestHandler {
  return (request, response, next) => {
    const startedMs = performance.now();
    response.once('close', () => {
      const durationMs = performance.now() - startedMs;
      const operation: string = response.locals.operation ?? 'unknown';
      const { statusCode: status, writableFinished } = response;
      metrics.answers(operation)(status, durationMs / 1000, recordedTraceId());
      requestLog({ operation, method: request.method, status, durationMs, isAbandoned: !writableFinished });
    });
    next();
  };
}

/** Express tells an error handler by its four parameters. */
function handleError(log: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, _next) => {
    const answer = answerTo(error);
    if (answer.status >= 500) log[answer.status === 500 ? 'error' : 'warn']({ error }, 'the request failed');
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

function methodsByPath(routes: readonly Route[]): Map<string, string> {
  const methods = new Map<string, string>();
  for (const { description } of routes) {
    const path = description.path.replaceAll(/\{(\w+)\}/g, ':$1');
    const known = methods.get(path);
    const method = description.method.toUpperCase();
    methods.set(path, known === undefined ? method : `${known}, ${method}`);
  }
  return methods;
}
