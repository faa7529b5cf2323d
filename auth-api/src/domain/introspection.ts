import { type AccessPorts, authenticate } from './access.ts';
import type { PendingAuditEvent } from './audit.ts';
import { authenticationContext } from './authentication-context.ts';
import type { EndedSession, SessionStore } from './ports/sessions.ts';
import { isService, type RefreshTokens, type ServiceClaims } from './ports/tokens.ts';

export interface IntrospectionPorts extends AccessPorts {
  readonly refreshTokens: RefreshTokens;
  readonly sessions: SessionStore;
}

/** RFC 7662 section 2.2. */
export type Introspection =
  | { readonly active: false }
  | {
      readonly active: true;
      /** RFC 6749 section 5.1; a refresh token has none. */
      readonly token_type?: 'Bearer';
      /** Ours: what it is good for. A refresh token lets nobody in. */
      readonly token_use: 'access_token' | 'refresh_token';
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
    }
  | {
      readonly active: true;
      readonly token_type: 'Bearer';
      readonly token_use: 'access_token';
      readonly client_id: string;
      readonly sub: string;
      readonly scope: string;
      readonly jti: string;
      readonly iat: number;
      readonly exp: number;
    };

/** What a token of either kind says, if it is good now. Nothing is told of any other. */
export async function introspect(token: string, ports: IntrospectionPorts): Promise<Introspection> {
  if (!isAccessToken(token)) return introspectRefreshToken(token, ports);
  const claims = await authenticate(token, ports);
  if (claims === undefined) return { active: false };
  if (isService(claims)) return ofService(claims);
  return {
    active: true,
    token_type: 'Bearer',
    token_use: 'access_token',
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

function ofService({ clientId, scopes, tokenId, issuedAtSeconds, expiresAtSeconds }: ServiceClaims): Introspection {
  return {
    active: true,
    token_type: 'Bearer',
    token_use: 'access_token',
    client_id: clientId,
    sub: clientId,
    scope: scopes.join(' '),
    jti: tokenId,
    iat: issuedAtSeconds,
    exp: expiresAtSeconds,
  };
}

async function introspectRefreshToken(token: string, ports: IntrospectionPorts): Promise<Introspection> {
  const state = await ports.sessions.findRefreshToken(ports.refreshTokens.hash(token));
  if (state === undefined || !state.isSessionLive || state.usedSecondsAgo !== null) return { active: false };
  const { userId: sub, sessionId: sid, roles, authenticatedAtSeconds: auth_time, hasSecondFactor } = state;
  const context = authenticationContext(hasSecondFactor);
  return { active: true, token_use: 'refresh_token', sub, sid, roles, auth_time, ...context };
}

/**
 * Ends the session of a token of either kind (RFC 7009). Of a token that is not ours nothing is said. A service's token
 * has no session that could be ended without its others. The event learns whose session ended; where none did, there is
 * nothing to tell.
 */
export async function revoke(
  token: string,
  ports: IntrospectionPorts,
  event?: PendingAuditEvent,
): Promise<'revoked' | 'unsupported'> {
  if (isAccessToken(token)) {
    const claims = ports.accessTokens.verify(token, Math.floor(ports.clock.nowMs() / 1000));
    if (claims !== undefined && isService(claims)) return 'unsupported';
    const hasEnded = claims !== undefined && (await ports.sessions.end(claims.sessionId, 'revoked'));
    tellEnd(hasEnded ? claims : undefined, event);
  } else {
    tellEnd(await ports.sessions.endByRefreshToken(ports.refreshTokens.hash(token), 'revoked'), event);
  }
  return 'revoked';
}

function tellEnd(ended: EndedSession | undefined, event: PendingAuditEvent | undefined): void {
  if (ended === undefined) event?.settle();
  else event?.about({ subjectId: ended.userId, sessionId: ended.sessionId });
}

function isAccessToken(token: string): boolean {
  return token.includes('.');
}
