import type { Overloaded } from './ports/overload.ts';
import type { PasswordHasher } from './ports/passwords.ts';
import type { SessionStore } from './ports/sessions.ts';
import type { AccessClaims } from './ports/tokens.ts';
import type { UserStore } from './ports/users.ts';
import { checkCode, type SecondFactorPorts } from './second-factor.ts';
import { signAccessToken, type TokenPorts } from './tokens.ts';
import { usernameKey } from './username.ts';

export interface StepUpPorts extends TokenPorts, SecondFactorPorts {
  readonly users: UserStore;
  readonly sessions: SessionStore;
  readonly passwords: PasswordHasher;
}

export type StepUpOutcome =
  | { readonly kind: 'steppedUp'; readonly accessToken: string }
  | { readonly kind: 'wrongPassword' }
  | { readonly kind: 'codeNeeded' }
  | { readonly kind: 'wrongCode' }
  | { readonly kind: 'sessionEnded' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  | { readonly kind: 'abandoned' }
  | Overloaded;

/** Shows anew who holds the session: by the password, and by a code where the account has a second factor. */
export async function stepUp(
  claims: AccessClaims,
  shown: { readonly password: string; readonly code: string | undefined; readonly signal: AbortSignal },
  ports: StepUpPorts,
): Promise<StepUpOutcome> {
  const { userId, sessionId } = claims;
  const [account, state] = await Promise.all([ports.users.findCredentials(userId), ports.secondFactors.find(userId)]);
  if (account === undefined) return { kind: 'sessionEnded' };
  const name = usernameKey(account.username);
  const limit = await ports.limits.take('login_account', name);
  if (limit.kind === 'limited') return limit;
  const isLocked = (await ports.limits.lockout(name)).kind === 'lockedOut';
  const { signal } = shown;
  const verified = await ports.passwords.verify(shown.password, account.passwordHash, { signal, upgrade: false });
  if (verified.kind === 'overloaded' || verified.kind === 'abandoned') return verified;
  if (isLocked) return { kind: 'wrongPassword' };
  if (verified.kind === 'mismatched') {
    await ports.limits.recordFailure(name);
    return { kind: 'wrongPassword' };
  }
  const factor = state?.factor?.isConfirmed === true ? state.factor : undefined;
  if (factor !== undefined) {
    if (shown.code === undefined) return { kind: 'codeNeeded' };
    const checked = await checkCode({ userId, factor, code: shown.code }, ports);
    if (checked.kind === 'limited') return checked;
    if (checked.kind === 'wrong') return { kind: 'wrongCode' };
  }
  const hasSecondFactor = factor !== undefined;
  if (!(await ports.sessions.authenticateAgain(sessionId, hasSecondFactor))) return { kind: 'sessionEnded' };
  const authenticatedAtSeconds = Math.floor(ports.clock.nowMs() / 1000);
  const session = { sessionId, userId, roles: claims.roles, authenticatedAtSeconds, hasSecondFactor };
  return { kind: 'steppedUp', accessToken: signAccessToken(session, ports) };
}
