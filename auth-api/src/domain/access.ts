import type { Clock } from './ports/clock.ts';
import type { LiveSessions } from './ports/sessions.ts';
import type { AccessClaims, AccessTokens } from './ports/tokens.ts';

export interface AccessPorts {
  readonly accessTokens: AccessTokens;
  readonly liveSessions: LiveSessions;
  readonly clock: Clock;
}

/**
 * Who presents this access token; undefined where the token is not valid or its session has ended. Answers at once
 * where nothing has to be asked of another process.
 */
export function authenticate(
  token: string,
  { accessTokens, liveSessions, clock }: AccessPorts,
): AccessClaims | undefined | Promise<AccessClaims | undefined> {
  const claims = accessTokens.verify(token, Math.floor(clock.nowMs() / 1000));
  if (claims === undefined) return undefined;
  const isLive = liveSessions.isLive(claims.sessionId);
  if (typeof isLive !== 'boolean') return isLive.then((live) => (live ? claims : undefined));
  return isLive ? claims : undefined;
}
