import type { Clock } from './ports/clock.ts';
import type { RefreshedSession } from './ports/sessions.ts';
import type { AccessTokens, RefreshTokens } from './ports/tokens.ts';
import { uuidV7 } from './uuid.ts';

export interface TokenLifetimes {
  readonly accessSeconds: number;
  readonly refreshSeconds: number;
}

/** What a login and a refresh answer with. */
export interface IssuedTokens {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly refreshToken: string;
}

export interface TokenPorts {
  readonly accessTokens: AccessTokens;
  readonly refreshTokens: RefreshTokens;
  readonly clock: Clock;
  readonly lifetimes: TokenLifetimes;
}

/** A new access token for a session, beside the refresh token given. */
export function issueTokens(session: RefreshedSession, refreshToken: string, ports: TokenPorts): IssuedTokens {
  const accessToken = signAccessToken(session, ports);
  return { accessToken, expiresInSeconds: ports.lifetimes.accessSeconds, refreshToken };
}

export function signAccessToken(session: RefreshedSession, ports: TokenPorts): string {
  const { sessionId, userId, roles, authenticatedAtSeconds, hasSecondFactor } = session;
  const nowMs = ports.clock.nowMs();
  const issuedAtSeconds = Math.floor(nowMs / 1000);
  return ports.accessTokens.sign({
    userId,
    sessionId,
    roles,
    authenticatedAtSeconds,
    hasSecondFactor,
    tokenId: uuidV7(nowMs),
    issuedAtSeconds,
    expiresAtSeconds: issuedAtSeconds + ports.lifetimes.accessSeconds,
  });
}
