import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { type IntrospectionPorts, introspect, revoke } from '../domain/introspection.ts';
import { DependencyUnavailableError } from '../domain/ports/dependency-unavailable.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Answer } from './problem.ts';
import type { RequestLog } from './request-log.ts';

export interface OAuthOptions {
  readonly ports: IntrospectionPorts;
  readonly clients: { areValid(clientId: string, secret: string): boolean };
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly requestLog: RequestLog;
}

const longestFormBytes = 16_384;

/**
 * RFC 7662 and RFC 7009, without Express: services ask for each of their requests. Clients authenticate by HTTP Basic
 * or in the form (RFC 6749 section 2.3.1); errors have that RFC's shape. True where the request was one of these.
 */
export function createOAuthEndpoints(options: OAuthOptions) {
  const { ports, metrics, log, requestLog } = options;
  const operations = new Map([
    [
      '/oauth/introspect',
      {
        operation: 'introspect',
        count: metrics.answers('introspect'),
        run: async (token: string) => json(200, await introspect(token, ports)),
      },
    ],
    [
      '/oauth/revoke',
      {
        operation: 'revoke',
        count: metrics.answers('revoke'),
        run: (token: string) => revoke(token, ports).then(() => ({ status: 200 })),
      },
    ],
  ]);
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const found = operations.get(request.url ?? '');
    if (found === undefined) return false;
    const startedMs = performance.now();
    answerTo(request, options, found.run)
      .catch((error: unknown) => failure(error, log))
      .then((answer) => {
        write(response, answer);
        const durationMs = performance.now() - startedMs;
        found.count(answer.status, durationMs / 1000);
        requestLog({ operation: found.operation, method: request.method, status: answer.status, durationMs });
      });
    return true;
  };
}

async function answerTo(
  request: IncomingMessage,
  { clients }: OAuthOptions,
  run: (token: string) => Promise<Answer>,
): Promise<Answer> {
  if (request.method !== 'POST') return { ...oauthError(405, 'invalid_request'), headers: { allow: 'POST' } };
  const form = await readForm(request);
  if (form === undefined) return oauthError(400, 'invalid_request');
  const client = basicCredentials(request.headers.authorization) ?? formCredentials(form);
  if (client === undefined || !clients.areValid(client.id, client.secret)) {
    return { ...oauthError(401, 'invalid_client'), headers: { 'www-authenticate': 'Basic' } };
  }
  const token = form.get('token');
  return token === null || token === '' ? oauthError(400, 'invalid_request') : run(token);
}

/** Undefined for another media type, or more than any token needs. */
async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= longestFormBytes) chunks.push(chunk);
  }
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  return isForm && length <= longestFormBytes ? new URLSearchParams(Buffer.concat(chunks).toString('utf8')) : undefined;
}

interface PresentedCredentials {
  readonly id: string;
  readonly secret: string;
}

function basicCredentials(authorization: string | undefined): PresentedCredentials | undefined {
  const encoded = /^basic ([\w+/=-]+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const at = text.indexOf(':');
  if (at < 0) return undefined;
  return { id: formDecoded(text.slice(0, at)), secret: formDecoded(text.slice(at + 1)) };
}

/** Both parts are form-encoded before they are joined; what is not is taken as it stands. */
function formDecoded(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    return part;
  }
}

function formCredentials(form: URLSearchParams): PresentedCredentials | undefined {
  const [id, secret] = [form.get('client_id'), form.get('client_secret')];
  return id === null || secret === null ? undefined : { id, secret };
}

function json(status: number, body: object): Answer {
  return { status, body };
}

function oauthError(status: number, error: string): Answer {
  return json(status, { error });
}

function failure(error: unknown, log: Logger): Answer {
  const unavailable = error instanceof DependencyUnavailableError;
  log[unavailable ? 'warn' : 'error']({ error }, 'the request failed');
  const headers = { 'retry-after': String(unavailable ? error.retryAfterSeconds : 1) };
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
