import http from 'node:http';
import https from 'node:https';
import type { ApiServer } from './api-server.ts';
import { ApiError, TransportError } from './errors.ts';

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT';
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  contentType?: string;
  accept?: string;
  /** Time for the whole exchange; for a stream, time until the headers. Default 30 000 ms. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** What the rest of kubernetes/ needs from HTTP; tests give a fake. */
export interface Transport {
  /** Sends and parses the JSON answer. Throws ApiError for a status >= 400, TransportError without an answer. */
  send(request: ApiRequest): Promise<unknown>;
  /** Sends and hands over the body as it arrives. Throws like `send` before the first byte. */
  stream(request: ApiRequest): Promise<AsyncIterable<Buffer>>;
}

/** Hears of each exchange: the status of its answer, undefined when there was none. */
export type AnswerObserver = (method: string, status: number | undefined) => void;

const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Plain JSON over HTTPS. client-node's typed clients rename fields (`_from`) and drop some on the way out (NetworkPolicy
 * `from`, kubernetes-client/javascript#2825): what builders write must arrive as it is.
 */
export function createTransport(
  { url, credentials }: ApiServer,
  onAnswer: AnswerObserver = () => undefined,
): Transport {
  const secure = url.protocol === 'https:';
  // One agent for all: it pools by certificate, so credentials that rotate get connections of their own.
  const agentOptions = { keepAlive: true, keepAliveMsecs: 15_000 };
  const agent = secure ? new https.Agent(agentOptions) : new http.Agent(agentOptions);
  const basePath = url.pathname.replace(/\/$/, '');

  async function open(request: ApiRequest): Promise<http.IncomingMessage> {
    const options = await credentials();
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const query = request.query === undefined ? '' : `?${new URLSearchParams(request.query)}`;
    const target: https.RequestOptions = {
      agent,
      ...options,
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port || (secure ? 443 : 80),
      method: request.method,
      path: `${basePath}${request.path}${query}`,
      headers: {
        ...options.headers,
        accept: request.accept ?? 'application/json',
        'user-agent': 'authcluster-operator',
        ...(body === undefined
          ? {}
          : { 'content-type': request.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
    };
    const client = secure ? https : http;
    const attempt = () => observed(request.method, onAnswer, exchange(request, target, client, body));
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof TransportError && error.staleConnection)) throw error;
      return attempt();
    }
  }

  return {
    send: async (request) => {
      const text = await readAll(await open(request), request);
      return text === '' ? undefined : JSON.parse(text);
    },
    stream: open,
  };
}

async function observed(
  method: string,
  onAnswer: AnswerObserver,
  answer: Promise<http.IncomingMessage>,
): Promise<http.IncomingMessage> {
  try {
    const response = await answer;
    onAnswer(method, response.statusCode);
    return response;
  } catch (error) {
    onAnswer(method, error instanceof ApiError ? error.status : undefined);
    throw error;
  }
}

/** Resolves with the response once its headers are there and say success. */
function exchange(
  request: ApiRequest,
  target: https.RequestOptions,
  client: typeof http | typeof https,
  body: string | undefined,
): Promise<http.IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const name = `${request.method} ${request.path}`;
  const outgoing = client.request(target);
  const timeoutMs = request.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  const abort = () => outgoing.destroy(new Error('aborted'));
  request.signal?.addEventListener('abort', abort, { once: true });
  const settle = () => {
    clearTimeout(timer);
    request.signal?.removeEventListener('abort', abort);
  };
  outgoing.on('close', settle);
  outgoing.on('error', (error) => {
    const staleConnection = outgoing.reusedSocket && 'code' in error && error.code === 'ECONNRESET';
    reject(new TransportError(`${name}: ${error.message}`, { cause: error, staleConnection }));
  });
  outgoing.on('response', (response) => {
    // A stream outlives the timer for its headers; a plain answer must end within it.
    if (request.query?.watch !== undefined) clearTimeout(timer);
    const status = response.statusCode ?? 0;
    if (status < 400) return resolve(response);
    readAll(response, request).then((text) => reject(new ApiError(request, status, text)), reject);
  });
  if (request.signal?.aborted) abort();
  outgoing.end(body);
  return promise;
}

async function readAll(response: http.IncomingMessage, request: ApiRequest): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TransportError(`${request.method} ${request.path}: answer broke off: ${reason}`, { cause: error });
  }
  return Buffer.concat(chunks).toString('utf8');
}
