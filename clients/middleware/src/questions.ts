import { createHash } from 'node:crypto';
import { type AuthOptions, UnavailableError } from './auth.ts';
import { BoundedCache } from './bounded-cache.ts';

export type PermissionAnswer = 'held' | 'missing' | 'tokenRefused';

/** What only the service knows. Both reject with an UnavailableError where it does not say. */
export interface Questions {
  isActive(token: string): Promise<boolean>;
  holds(token: string, permissions: readonly string[]): Promise<PermissionAnswer>;
}

export interface QuestionsOptions extends Pick<AuthOptions, 'introspection'> {
  readonly baseUrl: string;
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
  readonly cacheSeconds: number;
  readonly nowMs: () => number;
}

/** A few megabytes at most. */
const capacity = 10_000;

export function createQuestions(options: QuestionsOptions): Questions {
  const { cacheSeconds, nowMs } = options;
  const lifetime = { capacity, lifetimeMs: cacheSeconds * 1000, nowMs };
  const activity = new BoundedCache<boolean>(lifetime);
  const grants = new BoundedCache<PermissionAnswer>(lifetime);
  return {
    isActive: (token) => activity.getOrLoad(digest(token), () => introspect(token, options)),
    holds: (token, permissions) =>
      grants.getOrLoad(digest(token, ...permissions), () => authorize(token, permissions, options)),
  };
}

/** RFC 7662. */
async function introspect(token: string, options: QuestionsOptions): Promise<boolean> {
  const { clientId = '', clientSecret = '' } = options.introspection ?? {};
  const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
  const { status, body } = await ask('/oauth/introspect', options, {
    headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    body: new URLSearchParams({ token }),
  });
  if (status !== 200 || typeof body.active !== 'boolean') {
    throw new UnavailableError(`the introspection was answered with ${status}`);
  }
  return body.active;
}

async function authorize(
  token: string,
  permissions: readonly string[],
  options: QuestionsOptions,
): Promise<PermissionAnswer> {
  const { status, body } = await ask('/v1/authorize', options, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ permissions }),
  });
  if (status === 401) return 'tokenRefused';
  if (status !== 200 || typeof body.allowed !== 'boolean') {
    throw new UnavailableError(`the question for permissions was answered with ${status}`);
  }
  return body.allowed ? 'held' : 'missing';
}

async function ask(path: string, { baseUrl, fetch, timeoutMs }: QuestionsOptions, init: RequestInit) {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(`${baseUrl}${path}`, { method: 'POST', redirect: 'error', signal, ...init });
    const body: unknown = await response.json().catch(() => undefined);
    const members = typeof body === 'object' && body !== null ? body : {};
    return { status: response.status, body: members as Readonly<Record<string, unknown>> };
  } catch (error) {
    throw new UnavailableError('the service was not reached', { cause: error });
  }
}

/** No token is kept. */
function digest(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}
