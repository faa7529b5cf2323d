import { parseCookie, type SetCookie, stringifySetCookie } from 'cookie';

/** Of this very host and over TLS, whatever its neighbours do: a browser takes such a name for nothing less (RFC 6265bis). */
export const refreshCookieName = '__Host-authcluster-refresh';

/** No script reads it, and no request carries it that began on another site. */
const attributes = { path: '/', secure: true, httpOnly: true, sameSite: 'strict' } as const;

/** Longer than any token of ours. */
const longestToken = 512;

/** The refresh token in a Cookie header. */
export function refreshTokenIn(header: string | undefined): string | undefined {
  const token = header === undefined ? undefined : parseCookie(header)[refreshCookieName];
  return token === undefined || token === '' || token.length > longestToken ? undefined : token;
}

/** A Set-Cookie header with which a browser keeps the token for as long as it is good. */
export function keepingCookie(token: string, lifetimeSeconds: number): string {
  return written({ value: token, maxAge: lifetimeSeconds });
}

/** A Set-Cookie header with which a browser forgets the token. */
export const forgettingCookie = written({ value: '', maxAge: 0 });

function written(cookie: Pick<SetCookie, 'value' | 'maxAge'>): string {
  return stringifySetCookie({ name: refreshCookieName, ...attributes, ...cookie });
}
