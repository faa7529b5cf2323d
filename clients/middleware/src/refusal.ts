/** An answer to a request that is not let in: a problem (RFC 9457) with its challenge (RFC 6750 section 3). */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly type: string; readonly title: string; readonly status: number };
}

/** The error is named only where a token was presented. */
export function unauthenticated(presented: boolean): Refusal {
  const challenge = presented ? 'Bearer error="invalid_token"' : 'Bearer';
  return refusal(401, 'unauthenticated', 'A valid access token is needed', { 'www-authenticate': challenge });
}

export function forbidden(title: string): Refusal {
  return refusal(403, 'forbidden', title, { 'www-authenticate': 'Bearer error="insufficient_scope"' });
}

export function unavailable(): Refusal {
  return refusal(503, 'unavailable', 'Access tokens cannot be checked at the moment', { 'retry-after': '1' });
}

function refusal(status: number, code: string, title: string, headers: Readonly<Record<string, string>>): Refusal {
  return {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
    body: { type: `https://authcluster.dev/problems/${code}`, title, status },
  };
}
