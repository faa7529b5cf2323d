import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BlockList } from 'node:net';
import type { AuditLog, PendingAuditEvent } from '../domain/audit.ts';
import {
  type AuthenticatedClient,
  authenticateClient,
  type ClientAuthenticationPorts,
} from '../domain/client-authentication.ts';
import { type IntrospectionPorts, introspect, revoke } from '../domain/introspection.ts';
import type { ClientAbility } from '../domain/ports/clients.ts';
import { DependencyUnavailableError } from '../domain/ports/dependency-unavailable.ts';
import { issueServiceToken } from '../domain/service-tokens.ts';
import type { TokenPorts } from '../domain/tokens.ts';
import type { Metrics } from '../observability/metrics.ts';
import { clientLeft } from '../observability/operation-statistics.ts';
import { addressOf, networkOf } from './client-address.ts';
import { clientEvent, noteClientEvent, tellPresented } from './client-audit.ts';
import type { FailureLog } from './failure-log.ts';
import { presentedClient, readForm } from './oauth-form.ts';
import type { Answer } from './problem.ts';
import type { RequestLog } from './request-log.ts';

/** RFC 7617 section 2 wants a realm. */
const basicChallenge = 'Basic realm="oauth"';

type OAuthPorts = IntrospectionPorts & ClientAuthenticationPorts & TokenPorts & { readonly audit: AuditLog };

export interface OAuthOptions {
  readonly ports: OAuthPorts;
  readonly metrics: Metrics;
  readonly failureLog: FailureLog;
  readonly requestLog: RequestLog;
  readonly trustedProxies: BlockList;
}

interface Endpoint {
  readonly operation: string;
  /** Undefined: what it takes depends on the form. */
  readonly ability?: ClientAbility;
  /** What was registered some seconds ago will do. */
  readonly mayBeRemembered: boolean;
  /** It changes something, and so comes into the audit log. */
  readonly isAudited: boolean;
  readonly run: (
    form: URLSearchParams,
    client: AuthenticatedClient,
    ports: OAuthPorts,
    event: PendingAuditEvent | undefined,
  ) => Promise<Answer> | Answer;
}

const endpoints: Readonly<Record<string, Endpoint>> = {
  '/oauth/token': { operation: 'token', mayBeRemembered: false, isAudited: true, run: token },
  '/oauth/introspect': {
    operation: 'introspect',
    ability: 'introspect',
    mayBeRemembered: true,
    isAudited: false,
    run: ofToken(async (text, ports) => ({ status: 200, body: await introspect(text, ports) })),
  },
  '/oauth/revoke': {
    operation: 'revoke',
    ability: 'revoke',
    mayBeRemembered: true,
    isAudited: true,
    run: ofToken(async (text, ports, event) =>
      (await revoke(text, ports, event)) === 'revoked' ? { status: 200 } : oauthError(400, 'unsupported_token_type'),
    ),
  },
};

/**
 * RFC 6749 section 4.4, RFC 7662 and RFC 7009, without Express: services ask for each of their requests. Clients
 * authenticate by HTTP Basic or in the form (RFC 6749 section 2.3.1), or by an assertion (RFC 7523); errors have the
 * shape of RFC 6749. True where the request was one of these.
 */
export function createOAuthEndpoints(options: OAuthOptions) {
  const { metrics, failureLog, requestLog } = options;
  const counts = new Map(Object.entries(endpoints).map(([path, { operation }]) => [path, metrics.answers(operation)]));
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const path = request.url ?? '';
    const count = counts.get(path);
    const endpoint = endpoints[path];
    if (count === undefined || endpoint === undefined) return false;
    const startedMs = performance.now();
    const event = endpoint.isAudited ? clientEvent(endpoint.operation, request, options) : undefined;
    answerTo(request, endpoint, options, event)
      .catch((error: unknown) => failure(error, failureLog))
      .then((answer) => {
        const isAbandoned = response.destroyed;
        const status = isAbandoned ? clientLeft : answer.status;
        write(response, answer);
        const durationMs = performance.now() - startedMs;
        count(status, durationMs / 1000);
        requestLog({ operation: endpoint.operation, method: request.method, status, durationMs, isAbandoned });
        if (event !== undefined) noteClientEvent(event, answer, options.ports.audit);
      });
    return true;
  };
}

async function answerTo(
  request: IncomingMessage,
  { ability, mayBeRemembered, run }: Endpoint,
  { ports, trustedProxies }: OAuthOptions,
  event: PendingAuditEvent | undefined,
): Promise<Answer> {
  if (request.method !== 'POST') return { ...oauthError(405, 'invalid_request'), headers: { allow: 'POST' } };
  const form = await readForm(request);
  if (form === undefined) return oauthError(400, 'invalid_request', 'not a form, too long, or with a field twice');
  const presented = presentedClient(request.headers.authorization, form);
  if (presented === 'severalWays')
    return oauthError(400, 'invalid_request', 'the client authenticates in several ways');
  const clientNetwork = networkOf(addressOf(request, trustedProxies), trustedProxies);
  const outcome = await authenticateClient({ presented, clientNetwork, mayBeRemembered }, ports);
  if (outcome.kind !== 'authenticated') tellPresented(event, presented);
  if (outcome.kind === 'limited') {
    return { ...oauthError(429, 'temporarily_unavailable'), headers: retryAfter(outcome.retryAfterSeconds) };
  }
  if (outcome.kind === 'refused') {
    return { ...oauthError(401, 'invalid_client'), headers: { 'www-authenticate': basicChallenge } };
  }
  event?.about({ actorClient: outcome.client.id });
  if (ability !== undefined && !outcome.client.may.includes(ability)) return oauthError(403, 'unauthorized_client');
  return run(form, outcome.client, ports, event);
}

function ofToken(
  run: (token: string, ports: OAuthPorts, event: PendingAuditEvent | undefined) => Promise<Answer>,
): Endpoint['run'] {
  return (form, _, ports, event) => {
    const text = form.get('token');
    return text === null ? oauthError(400, 'invalid_request', 'token is missing') : run(text, ports, event);
  };
}

function token(
  form: URLSearchParams,
  { may, registered }: AuthenticatedClient,
  ports: OAuthPorts,
  event: PendingAuditEvent | undefined,
): Answer {
  const grant = form.get('grant_type');
  if (grant === null) return oauthError(400, 'invalid_request', 'grant_type is missing');
  if (grant !== 'client_credentials') return oauthError(400, 'unsupported_grant_type');
  if (registered === undefined || !may.includes(grant)) return oauthError(400, 'unauthorized_client');
  const asked = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  const outcome = issueServiceToken(registered, asked, ports);
  if (outcome.kind === 'invalidScope') {
    return oauthError(400, 'invalid_scope', 'scope must name permissions that the client has');
  }
  const { accessToken: access_token, expiresInSeconds: expires_in, scopes } = outcome;
  event?.about({ details: { scope: scopes.join(' ') } });
  return { status: 200, body: { access_token, token_type: 'Bearer', expires_in, scope: scopes.join(' ') } };
}

function oauthError(status: number, error: string, description?: string): Answer {
  return { status, body: { error, ...(description === undefined ? {} : { error_description: description }) } };
}

function retryAfter(seconds: number) {
  return { 'retry-after': String(seconds) };
}

/** What cannot be known is never let through. */
function failure(error: unknown, failureLog: FailureLog): Answer {
  failureLog(error, 'the request failed');
  const headers = retryAfter(error instanceof DependencyUnavailableError ? error.retryAfterSeconds : 1);
  return { ...oauthError(503, 'temporarily_unavailable'), headers };
}

function write(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, {
    'cache-control': 'no-store',
    'content-length': String(Buffer.byteLength(text)),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  });
  response.end(text);
}
