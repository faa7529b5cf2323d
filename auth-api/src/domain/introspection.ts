import { type AccessPorts, authenticate } from './access.ts';
import { authenticationContext } from './authentication-context.ts';
import type { SessionStore } from './ports/sessions.ts';
import type { RefreshTokens } from './ports/tokens.ts';

export interface IntrospectionPorts extends AccessPorts {
  readonly refreshTokens: RefreshTokens;
  readonly sessions: SessionStore;
}

/** RFC 7662 section 2.2. */
export type Introspection =
  | { readonly active: false }
  | {
      readonly active: true;
      readonly token_type: 'access_token' | 'refresh_token';
      readonly sub: string;
      readonly sid: string;
      readonly roles: readonly string[];
      /** OpenID Connect Core section 2. */
      readonly auth_time: number;
      readonly acr: string;
      readonly amr: readonly string[];
      readonly jti?: string;
      readonly iat?: number;
      readonly exp?: number;
    };

/** What a token of either kind says, if it is good now. Nothing is told of any other. */
export async function introspect(token: string, ports: IntrospectionPorts): Promise<Introspection> {
  if (!isAccessToken(token)) return introspectRefreshToken(token, ports);
  const claims = await authenticate(token, ports);
  if (claims === undefined) return { active: false };
  return {
    active: true,
    token_type: 'access_token',
    sub: claims.userId,
    sid: claims.sessionId,
    roles: claims.roles,
    auth_time: claims.authenticatedAtSeconds,
    ...authenticationContext(claims.hasSecondFactor),
    jti: claims.tokenId,
    iat: claims.issuedAtSeconds,
    exp: claims.expiresAtSeconds,
  };
}

async function introspectRefreshToken(token: string, ports: IntrospectionPorts): Promise<Introspection> {
  const state = await ports.sessions.findRefreshToken(ports.refreshTokens.hash(token));
  if (state === undefined || !state.isSessionLive || state.usedSecondsAgo !== null) return { active: false };
  const { userId: sub, sessionId: sid, roles, authenticatedAtSeconds: auth_time, hasSecondFactor } = state;
  const context = authenticationContext(hasSecondFactor);
  return { active: true, token_type: 'refresh_token', sub, sid, roles, auth_time, ...context };
}

/** Ends the session of a token of either kind (RFC 7009). Of a token that is not ours nothing is said. */
export async function revoke(token: string, ports: IntrospectionPorts): Promise<void> {
  if (isAccessToken(token)) {
    const claims = ports.accessTokens.verify(token, Math.floor(ports.clock.nowMs() / 1000));
    if (claims !== undefined) await ports.sessions.end(claims.sessionId, 'revoked');
  } else {
    await ports.sessions.endByRefreshToken(ports.refreshTokens.hash(token), 'revoked');
  }
}

function isAccessToken(token: string): boolean {
  return token.includes('.');
}
