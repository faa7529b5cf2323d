import type { Answer, CallOptions } from './operations.ts';
import { ProblemError } from './problem.ts';
import type { Session } from './session.ts';
import type { Outgoing, Transport } from './transport.ts';

/** What `RequestOptions` come down to, whatever the operation. */
export interface LooseOptions extends CallOptions {
  readonly path?: Readonly<Record<string, unknown>> | undefined;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: unknown;
}

export function outgoing(method: string, template: string, options: LooseOptions): Outgoing {
  const headers = new Headers(options.headers);
  const isJson = isJsonValue(options.body);
  if (isJson) headers.set('content-type', 'application/json');
  const body = (isJson ? JSON.stringify(options.body) : options.body) as RequestInit['body'];
  return {
    method,
    path: pathOf(template, options),
    headers: Object.fromEntries(headers),
    ...(body === undefined ? {} : { body }),
    isRepeatable: !isStream(body) && (idempotent.has(method) || headers.has('idempotency-key')),
    signal: options.signal,
    timeoutMs: options.timeoutMs,
  };
}

/** RFC 9110 section 9.2.2. */
const idempotent: ReadonlySet<string> = new Set(['GET', 'PUT', 'DELETE']);

function pathOf(template: string, { path = {}, query = {} }: LooseOptions): string {
  const filled = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => segment(name, path[name]));
  const wanted = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(wanted.map(([name, value]): [string, string] => [name, String(value)]));
  return wanted.length === 0 ? filled : `${filled}?${search}`;
}

/** A value that would lead to another path is a mistake, or an attack on who passes it on. */
function segment(name: string, value: unknown): string {
  const text = String(value ?? '');
  if (text === '' || text === '.' || text === '..') throw new RangeError(`the path's ${name} cannot be "${text}"`);
  return encodeURIComponent(text);
}

function isJsonValue(body: unknown): boolean {
  if (Array.isArray(body)) return true;
  return typeof body === 'object' && body !== null && Object.getPrototypeOf(body) === Object.prototype;
}

function isStream(body: unknown): boolean {
  return body instanceof ReadableStream;
}

/** Sends with the session's access token, and once more with another one where that is refused. */
export async function sendInSession(request: Outgoing, session: Session, transport: Transport): Promise<Response> {
  const token = await session.accessToken(request.signal);
  try {
    return await transport(withToken(request, token));
  } catch (error) {
    if (token === undefined || !isRefusal(error) || isStream(request.body)) throw error;
    const other = await session.renewed(token, request.signal);
    if (other === undefined) throw error;
    return transport(withToken(request, other));
  }
}

/** Not a wrong password, nor a step-up that is asked for, which are 401 as well. */
function isRefusal(error: unknown): boolean {
  return error instanceof ProblemError && error.status === 401 && error.code === 'unauthenticated';
}

function withToken(request: Outgoing, token: string | undefined): Outgoing {
  if (token === undefined) return request;
  return { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } };
}

/** JSON is parsed; another body is left to be read as it comes. */
export async function answerOf<Body>(response: Response): Promise<Answer<Body>> {
  const { status, headers } = response;
  const mediaType = headers.get('content-type');
  if (mediaType === null) {
    await response.body?.cancel();
    return { status, headers, body: undefined as Body };
  }
  const body: unknown = /[/+]json\b/.test(mediaType) ? await response.json() : response.body;
  return { status, headers, body: body as Body };
}
