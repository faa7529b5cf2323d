import type { BlockList } from 'node:net';
import express, { type Express, type Request, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import { authenticate } from '../domain/access.ts';
import { holdsAll } from '../domain/permissions.ts';
import { isService, type TokenClaims } from '../domain/ports/tokens.ts';
import { missingForStepUp } from '../domain/second-factor.ts';
import type { Metrics } from '../observability/metrics.ts';
import { recordedTraceId } from '../observability/trace-context.ts';
import { auditOrigin, eventOf, isAudited, noteEvent, recordAct } from './audited.ts';
import { bearerToken } from './bearer-token.ts';
import { withoutDeadCookie } from './browser-sessions.ts';
import { crossOrigin } from './cross-origin.ts';
import { hasBody, readJson, requireJson } from './json-request.ts';
import { openApiDocument } from './openapi.ts';
import { type Answer, problem, stepUpNeeded, unauthenticated } from './problem.ts';
import { publicDocument } from './public-document.ts';
import { checkRequest } from './request-check.ts';
import type { RequestLog } from './request-log.ts';
import { type ApiPorts, defaultMaxBodyKib, type Route } from './route.ts';
import { clientOf, routeRequest } from './route-request.ts';
import { handleError, send, sendStream } from './sending.ts';

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
  for (const route of options.routes.filter(takesLargeBody)) {
    mount(app, [route], options, jsonBody(route.description.maxBodyKib));
  }
  app.use(...jsonBody());
  mount(
    app,
    options.routes.filter((route) => !takesLines(route) && !takesLargeBody(route)),
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

function mount(
  app: Express,
  routes: readonly Route[],
  options: ExpressAppOptions,
  before: readonly RequestHandler[] = [],
): void {
  for (const route of routes) {
    const { method, path } = route.description;
    app[method](path.replaceAll(/\{(\w+)\}/g, ':$1'), ...before, serve(route, options));
  }
}

function jsonBody(maxKib = defaultMaxBodyKib): RequestHandler[] {
  return [requireJson, express.raw({ type: 'application/json', limit: `${maxKib}kb` }), readJson];
}

function takesLines({ description }: Route): boolean {
  return description.line !== undefined;
}

function takesLargeBody({ description }: Route): boolean {
  return description.maxBodyKib !== undefined;
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
    const parameter = parameterOf(route, request);
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

/** An id in upper case is the same one (RFC 9562 section 4): caches know it, and the audit log tells it, in lower case. */
function parameterOf({ description: { parameters } }: Route, request: Request): (name: string) => string {
  return (name) => {
    const value = String(request.params[name] ?? '');
    return parameters?.[name] instanceof z.ZodUUID ? value.toLowerCase() : value;
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
