import type { PendingAuditEvent } from './audit.ts';
import type { Clock } from './ports/clock.ts';
import type { NewSession, PreparedSession, SessionStore } from './ports/sessions.ts';
import { type IssuedTokens, issueTokens, type TokenPorts } from './tokens.ts';
import { uuidV7 } from './uuid.ts';

export interface SessionOwner {
  readonly userId: string;
  readonly credentialVersion: number;
  readonly roles: readonly string[];
}

export interface SessionClient {
  readonly clientAddress: string | undefined;
  readonly userAgent: string | undefined;
  /** Of the login that opens it. */
  readonly event?: PendingAuditEvent;
}

/** To be called as soon as it is known who may be let in: what it begins goes on while that is checked. */
export function prepareSession(
  userId: string,
  { sessions, clock }: { readonly sessions: SessionStore; readonly clock: Clock },
): PreparedSession {
  return sessions.prepare(uuidV7(clock.nowMs()), userId);
}

/** Opens a session for who has just shown to be its owner; undefined where the password has changed meanwhile. */
export async function openSession(
  prepared: PreparedSession,
  { userId, credentialVersion, roles }: SessionOwner,
  {
    client: { clientAddress, userAgent, event },
    hasSecondFactor,
    hashUpgrade,
  }: Pick<NewSession, 'hasSecondFactor' | 'hashUpgrade'> & { readonly client: SessionClient },
  ports: TokenPorts,
): Promise<IssuedTokens | undefined> {
  const authenticatedAtSeconds = Math.floor(ports.clock.nowMs() / 1000);
  const refreshToken = ports.refreshTokens.mint();
  const writing = prepared.open({
    credentialVersion,
    refreshTokenHash: ports.refreshTokens.hash(refreshToken),
    lifetimeSeconds: ports.lifetimes.refreshSeconds,
    clientAddress,
    userAgent,
    hasSecondFactor,
    ...(hashUpgrade === undefined ? {} : { hashUpgrade }),
    ...(event === undefined ? {} : { event }),
  });
  // The signature is made while the database writes.
  const session = { sessionId: prepared.id, userId, roles, authenticatedAtSeconds, hasSecondFactor };
  const tokens = issueTokens(session, refreshToken, ports);
  return (await writing).kind === 'opened' ? tokens : undefined;
}
