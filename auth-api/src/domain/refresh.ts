import type { PendingAuditEvent } from './audit.ts';
import type { RefreshTokenState, SessionStore } from './ports/sessions.ts';
import { type IssuedTokens, issueTokens, type TokenPorts } from './tokens.ts';

/** How long a repeated or concurrent use of a refresh token is answered as the first was. */
export const graceSeconds = 30;

export type RefreshOutcome =
  | { readonly kind: 'refreshed'; readonly tokens: IssuedTokens }
  | { readonly kind: 'refused'; readonly reason: 'invalid_token' | 'reused_token' };

export interface RefreshPorts extends TokenPorts {
  readonly sessions: SessionStore;
}

/**
 * Exchanges a refresh token for its successor and a new access token. Used again within the grace window, and before
 * its successor was used, it gives the same successor; any other second use ends the session, since one of the two who
 * held the token stole it (RFC 9700 section 4.14.2).
 */
export async function refresh(
  presented: string,
  ports: RefreshPorts,
  event?: PendingAuditEvent,
): Promise<RefreshOutcome> {
  const presentedHash = ports.refreshTokens.hash(presented);
  const successor = ports.refreshTokens.successor(presented);
  const successorHash = ports.refreshTokens.hash(successor);
  const lifetimeSeconds = ports.lifetimes.refreshSeconds;
  const session = await ports.sessions.exchangeRefreshToken({ presentedHash, successorHash, lifetimeSeconds });
  if (session !== undefined) return { kind: 'refreshed', tokens: issueTokens(session, successor, ports) };

  const state = await ports.sessions.findRefreshToken(presentedHash);
  const decision = decideRepeatedUse(state, successorHash);
  if (decision === 'repeat' && state !== undefined) {
    return { kind: 'refreshed', tokens: issueTokens(state, successor, ports) };
  }
  if (decision !== 'reuse' || state === undefined) return { kind: 'refused', reason: 'invalid_token' };
  event?.about({ subjectId: state.userId, sessionId: state.sessionId });
  await ports.sessions.end(state.sessionId, 'refresh_token_reuse');
  return { kind: 'refused', reason: 'reused_token' };
}

/** What to make of a token that could not be exchanged. */
function decideRepeatedUse(
  state: RefreshTokenState | undefined,
  successorHash: Buffer,
): 'repeat' | 'reuse' | 'invalid' {
  if (state === undefined || !state.isSessionLive || state.usedSecondsAgo === null) return 'invalid';
  if (state.usedSecondsAgo > graceSeconds || state.isSuccessorUsed) return 'reuse';
  // The derivation key has changed since: the first answer cannot be given again, which is nobody's theft.
  return state.successorHash?.equals(successorHash) === true ? 'repeat' : 'invalid';
}
