import type { Clock } from './ports/clock.ts';
import type { LiveSessions } from './ports/sessions.ts';
import { type AccessTokens, isService, type TokenClaims } from './ports/tokens.ts';

export interface AccessPorts {
  readonly accessTokens: AccessTokens;
  readonly liveSessions: LiveSessions;
  readonly clock: Clock;
}

/**
 * Who presents this access token; undefined where the token is not valid, or what it lives by has ended: the session of
 * a user, the grant of a service. Answers at once where nothing has to be asked of another process.
 */
export function authenticate(
  token: string,
  { accessTokens, liveSessions, clock }: AccessPorts,
): TokenClaims | undefined | Promise<TokenClaims | undefined> {
  const claims = accessTokens.verify(token, Math.floor(clock.nowMs() / 1000));
  if (claims === undefined) return undefined;
  const isLive = liveSessions.isLive(isService(claims) ? claims.grantId : claims.sessionId);
  if (typeof isLive !== 'boolean') return isLive.then((live) => (live ? claims : undefined));
  return isLive ? claims : undefined;
}
