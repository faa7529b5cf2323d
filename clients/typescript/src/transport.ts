import { ProblemError } from './problem.ts';

export interface TransportOptions {
  readonly baseUrl: string;
  readonly fetch: typeof fetch;
  /** Whether the browser's cookies go along, to another origin, too. */
  readonly withCookies?: boolean;
  /** Of one attempt, its answer's body included. */
  readonly timeoutMs: number;
  /** How often a call is made in all that may be repeated. */
  readonly attempts: number;
  /** Who is told to come back later than this is not kept waiting. */
  readonly longestWaitMs: number;
}

export interface Outgoing {
  readonly method: string;
  /** With its parameters and its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestInit['body'];
  /** Whether doing it twice is as doing it once. */
  readonly isRepeatable: boolean;
  /** Of an answer that is returned although it is no success. */
  readonly expectedStatus?: number;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/** One call, repeated where the service asks to come again soon. Resolves to a success, or rejects with a ProblemError. */
export type Transport = (outgoing: Outgoing) => Promise<Response>;

/** Sends with fetch, and follows `Retry-After` as `options` allow. */
export function createTransport(options: TransportOptions): Transport {
  return async (outgoing) => {
    for (let attempt = 1; ; attempt += 1) {
      const response = await once(outgoing, options);
      if (response.ok || response.status === outgoing.expectedStatus) return response;
      const problem = await problemOf(response);
      const waitMs = outgoing.isRepeatable && attempt < options.attempts ? waitOf(problem) : undefined;
      if (waitMs === undefined || waitMs > options.longestWaitMs) throw problem;
      await wait(waitMs, outgoing.signal);
    }
  };
}

function once(
  outgoing: Outgoing,
  { baseUrl, fetch, timeoutMs, withCookies = false }: TransportOptions,
): Promise<Response> {
  const { method, path, headers = {}, body, signal } = outgoing;
  const timeout = AbortSignal.timeout(outgoing.timeoutMs ?? timeoutMs);
  return fetch(`${baseUrl.replace(/\/+$/, '')}${path}`, {
    method,
    headers,
    // The service redirects nobody, and a password is for nobody else.
    redirect: 'error',
    ...(withCookies ? { credentials: 'include' } : {}),
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    ...(body === undefined ? {} : { body }),
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  });
}

async function problemOf(response: Response): Promise<ProblemError> {
  const body: unknown = await response.json().catch(() => undefined);
  return new ProblemError(response, body);
}

function waitOf({ status, retryAfterSeconds }: ProblemError): number | undefined {
  const isPassing = status === 429 || status === 503;
  return isPassing && retryAfterSeconds !== undefined ? retryAfterSeconds * 1000 : undefined;
}

function wait(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', giveUp);
      resolve();
    }, durationMs);
    if (signal?.aborted) giveUp();
    else signal?.addEventListener('abort', giveUp, { once: true });
  });
}
