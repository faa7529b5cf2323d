import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AccessPorts, authenticate } from '../domain/access.ts';
import { holdsAll } from '../domain/permissions.ts';
import { DependencyUnavailableError } from '../domain/ports/dependency-unavailable.ts';
import { isService, type TokenClaims } from '../domain/ports/tokens.ts';
import type { UserViews } from '../domain/ports/users.ts';
import type { Metrics } from '../observability/metrics.ts';
import { clientLeft } from '../observability/operation-statistics.ts';
import { bearerToken } from './bearer-token.ts';
import type { FailureLog } from './failure-log.ts';
import { bearerChallenge } from './problem.ts';
import type { RequestLog } from './request-log.ts';

export interface HotPathOptions {
  readonly ports: AccessPorts & { readonly views: Pick<UserViews, 'grants'> };
  readonly metrics: Metrics;
  readonly failureLog: FailureLog;
  readonly requestLog: RequestLog;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const verifyPath = '/verify';
const healthBody = '{"status":"ok"}';

/** Answers what is asked most, without Express; true where the request was its own. */
export function createHotPath(
  options: HotPathOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const verify = verifyHandler(options);
  return (request, response) => {
    const { url = '' } = request;
    if (isAt(url, verifyPath)) verify(request, response);
    else if (url === '/health') answerHealth(response);
    else return false;
    return true;
  };
}

/** Whether such a request is answered here. */
export function isHotPath(url: string): boolean {
  return isAt(url, verifyPath) || url === '/health';
}

/** Envoy asks with the path of the original request behind it, and with its method. */
function isAt(url: string, path: string): boolean {
  if (!url.startsWith(path)) return false;
  const next = url.charAt(path.length);
  return next === '' || next === '?' || next === '/';
}

function answerHealth(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': healthBody.length });
  response.end(healthBody);
}

interface Verdict {
  readonly status: number;
  /** Name, value, name, value, which Node.js writes without checking an object first. */
  readonly headers: readonly string[];
}

function verifyHandler({ ports, metrics, failureLog, requestLog }: HotPathOptions): Handler {
  const count = metrics.answers('verify');
  const answer = (response: ServerResponse, startedMs: number, verdict: Verdict) => {
    const isAbandoned = response.destroyed;
    const status = isAbandoned ? clientLeft : verdict.status;
    response.writeHead(verdict.status, ['cache-control', 'no-store', 'content-length', '0', ...verdict.headers]);
    response.end();
    const durationMs = performance.now() - startedMs;
    count(status, durationMs / 1000);
    requestLog({ operation: 'verify', method: response.req.method, status, durationMs, isAbandoned });
  };
  return (request, response) => {
    const startedMs = performance.now();
    const token = bearerToken(request.headers.authorization);
    if (token === undefined) {
      answer(response, startedMs, refusal(false));
      return;
    }
    const claims = authenticate(token, ports);
    const permissions = permissionsAsked(request);
    // Nothing to wait for: answered in the same turn of the event loop.
    if (!(claims instanceof Promise) && permissions.length === 0) {
      answer(response, startedMs, claims === undefined ? refusal(true) : { status: 200, headers: identity(claims) });
      return;
    }
    verdictOn(claims, permissions, ports)
      .catch((error: unknown) => unknowable(error, failureLog))
      .then((verdict) => answer(response, startedMs, verdict));
  };
}

async function verdictOn(
  authenticating: ReturnType<typeof authenticate>,
  permissions: readonly string[],
  ports: HotPathOptions['ports'],
): Promise<Verdict> {
  const claims = await authenticating;
  if (claims === undefined) return refusal(true);
  if (permissions.length > 0 && !(await holdsAll(claims, permissions, ports))) {
    return { status: 403, headers: [] };
  }
  return { status: 200, headers: identity(claims) };
}

/** Each name is in each answer, so that a proxy puts it in the place of what a client has sent under that name. */
function identity(claims: TokenClaims): string[] {
  if (isService(claims)) return identityOf('', '', '', claims.clientId);
  return identityOf(claims.userId, claims.sessionId, claims.roles.join(','), '');
}

function identityOf(user: string, session: string, roles: string, client: string): string[] {
  return ['x-auth-user', user, 'x-auth-session', session, 'x-auth-roles', roles, 'x-auth-client', client];
}

function refusal(presented: boolean): Verdict {
  return { status: 401, headers: ['www-authenticate', bearerChallenge(presented)] };
}

/** What cannot be known is never let through. */
function unknowable(error: unknown, failureLog: FailureLog): Verdict {
  failureLog(error, 'a session could not be checked');
  const seconds = error instanceof DependencyUnavailableError ? error.retryAfterSeconds : 1;
  return { status: 503, headers: ['retry-after', String(seconds)] };
}

/** `?permission=orders.read`, once or more, and the names of a header: whoever adds one asks for more than they had to. */
function permissionsAsked({ url = '', headers }: IncomingMessage): string[] {
  const asked = permissionsOfQuery(url);
  const named = headers['x-auth-permission'];
  if (named === undefined) return asked;
  const names = String(named).split(',');
  return [...asked, ...names.map((name) => name.trim())];
}

/** Behind a path, which Envoy asks with, the query is the application's. */
function permissionsOfQuery(url: string): string[] {
  const from = verifyPath.length;
  return url.charAt(from) === '?' ? new URLSearchParams(url.slice(from)).getAll('permission') : [];
}
