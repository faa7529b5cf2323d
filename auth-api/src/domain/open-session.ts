import type { PendingAuditEvent } from './audit.ts';
import type { SessionStore } from './ports/sessions.ts';
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

/** Opens a session for who has just shown to be its owner; undefined where the password has changed meanwhile. */
export async function openSession(
  { userId, credentialVersion, roles }: SessionOwner,
  { clientAddress, userAgent, event }: SessionClient,
  shown: {
    readonly hasSecondFactor: boolean;
    readonly hashUpgrade: { readonly from: string; readonly to: string } | undefined;
  },
  ports: TokenPorts & { readonly sessions: SessionStore },
): Promise<IssuedTokens | undefined> {
  const { hasSecondFactor, hashUpgrade } = shown;
  const nowMs = ports.clock.nowMs();
  const sessionId = uuidV7(nowMs);
  const refreshToken = ports.refreshTokens.mint();
  const writing = ports.sessions.open({
    id: sessionId,
    userId,
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
  const authenticatedAtSeconds = Math.floor(nowMs / 1000);
  const session = { sessionId, userId, roles, authenticatedAtSeconds, hasSecondFactor };
  const tokens = issueTokens(session, refreshToken, ports);
  return (await writing).kind === 'opened' ? tokens : undefined;
}
