import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { UnavailableError } from './auth.ts';

export interface KeySetOptions {
  readonly url: URL;
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
  readonly nowMs: () => number;
}

/** What the service counts on when it rotates keys: that a new one is known everywhere five minutes later. */
const freshMs = 5 * 60_000;
/** As long as the service allows by `stale-if-error`. */
const staleMs = 24 * 3600_000;

/**
 * The keys of the service, fetched when they are needed, when they are old and when a token names one that is not among
 * them. While the service is away those that were fetched last are good for a day.
 */
export function remoteKeySet({ url, fetch, timeoutMs, nowMs }: KeySetOptions): JWTVerifyGetKey {
  let last: { readonly body: string; readonly atMs: number } | undefined;
  let isStale = false;

  const orLast: typeof fetch = async (input, init) => {
    try {
      const body = await keySetText(await fetch(input, init));
      last = { body, atMs: nowMs() };
      isStale = false;
    } catch (error) {
      if (last === undefined || nowMs() - last.atMs > staleMs) throw error;
      isStale = true;
    }
    return new Response(last.body);
  };

  const keys = createRemoteJWKSet(url, { timeoutDuration: timeoutMs, cacheMaxAge: freshMs, [customFetch]: orLast });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (!isAboutToken(error)) throw new UnavailableError('the keys cannot be had', { cause: error });
      // The key may be one that has been made since.
      if (isStale) throw new UnavailableError('the key is not among those that were fetched last', { cause: error });
      throw error;
    }
  };
}

function isAboutToken(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;
}

async function keySetText(response: Response): Promise<string> {
  if (response.status !== 200) throw new Error(`the key set was answered with ${response.status}`);
  const text = await response.text();
  const body: unknown = JSON.parse(text);
  if (typeof body !== 'object' || body === null || !('keys' in body) || !Array.isArray(body.keys)) {
    throw new Error('what was answered is no key set');
  }
  return text;
}
