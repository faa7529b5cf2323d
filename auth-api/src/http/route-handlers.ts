import express, { type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { authenticate } from '../domain/access.ts';
import type { PendingAuditEvent } from '../domain/audit.ts';
import { holdsAll } from '../domain/permissions.ts';
import { type AccessClaims, isService, type TokenClaims } from '../domain/ports/tokens.ts';
import { missingForStepUp } from '../domain/second-factor.ts';
import { auditOrigin, eventOf, isAudited, noteEvent, recordAct } from './audited.ts';
import { bearerToken } from './bearer-token.ts';
import { withoutDeadCookie } from './browser-sessions.ts';
import type { ExpressAppOptions } from './express-app.ts';
import { hasBody, readJson, requireJson } from './json-request.ts';
import { type Answer, problem, stepUpNeeded, unauthenticated } from './problem.ts';
import { checkRequest } from './request-check.ts';
import { type ApiPorts, defaultMaxBodyKib, type Route } from './route.ts';
import { type ClientOfRequest, clientOf, routeRequest } from './route-request.ts';
import { send, sendStream } from './sending.ts';

type ServeOptions = Pick<ExpressAppOptions, 'ports' | 'trustedProxies'>;

/** A request that may be made, before its body is read. */
interface Admission {
  readonly holder: TokenClaims | undefined;
  /** Of the holder, where it is a user. */
  readonly claims: AccessClaims | undefined;
  readonly client: ClientOfRequest;
  readonly parameter: (name: string) => string;
  readonly event: PendingAuditEvent;
}

type ServedResponse = Response<unknown, { operation?: string; admission?: Admission }>;

/** The handlers of a route, in their order: nobody's body is read who may not ask. */
export function serve(route: Route, options: ServeOptions): RequestHandler[] {
  return [admit(route, options), ...(takesLines(route) ? [] : jsonBody(route)), run(route, options)];
}

function takesLines({ description }: Route): boolean {
  return description.line !== undefined;
}

function jsonBody({ description: { maxBodyKib = defaultMaxBodyKib } }: Route): RequestHandler[] {
  return [requireJson, express.raw({ type: 'application/json', limit: `${maxBodyKib}kb` }), readJson];
}

function admit(route: Route, { ports, trustedProxies }: ServeOptions): RequestHandler {
  return async (request, response: ServedResponse, next) => {
    response.locals.operation = route.description.operation;
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
    const missing = await missingStepUp(route, claims, ports);
    if (missing !== undefined) {
      send(response, missing);
      return;
    }
    response.locals.admission = { holder, claims, client, parameter, event };
    next();
  };
}

function run(route: Route, { ports }: ServeOptions): RequestHandler {
  const { description } = route;
  return async (request, response: ServedResponse) => {
    const { admission } = response.locals;
    if (admission === undefined) throw new Error(`${description.operation} was not admitted`);
    if (takesLines(route) && hasBody(request) && request.is('application/x-ndjson') === false) {
      send(response, problem('lines_expected'));
      return;
    }
    const checked = checkRequest(description, request);
    if (checked.kind === 'refused') {
      send(response, checked.answer);
      return;
    }
    const { holder, claims, client, parameter, event } = admission;
    const asked = { ...routeRequest(request, response, checked), ...client, parameter, event };
    const answer = await route.handle(asked, holder, ports);
    await recordAct(route, event, answer, ports.audit);
    if (claims !== undefined && isAudited(description) && answer.status < 400) {
      await ports.ownWrites.wrote(claims.sessionId);
    }
    const told = description.endsSessions === true ? await withoutDeadCookie(answer, asked.browser, ports) : answer;
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

async function missingStepUp(
  { description: { needsStepUp = false } }: Route,
  claims: AccessClaims | undefined,
  ports: ApiPorts,
): Promise<Answer | undefined> {
  if (!needsStepUp || claims === undefined) return undefined;
  const maxAgeSeconds = ports.stepUpMaxAgeSeconds;
  const missing = await missingForStepUp(claims, maxAgeSeconds, ports);
  return missing === undefined ? undefined : stepUpNeeded(maxAgeSeconds, missing.needsSecondFactor);
}
