import { type CurrentPasswordPorts, checkCurrentPassword, type PasswordNotRight } from './current-password.ts';
import type { SessionStore } from './ports/sessions.ts';
import type { AccessClaims } from './ports/tokens.ts';
import type { UserStore } from './ports/users.ts';
import { checkCode, type SecondFactorPorts } from './second-factor.ts';
import { signAccessToken, type TokenPorts } from './tokens.ts';

export interface StepUpPorts extends TokenPorts, SecondFactorPorts, CurrentPasswordPorts {
  readonly users: UserStore;
  readonly sessions: SessionStore;
}

export type StepUpOutcome =
  | { readonly kind: 'steppedUp'; readonly accessToken: string }
  | { readonly kind: 'codeNeeded' }
  | { readonly kind: 'wrongCode' }
  | { readonly kind: 'sessionEnded' }
  | PasswordNotRight;

/** Shows anew who holds the session: by the password, and by a code where the account has a second factor. */
export async function stepUp(
  claims: AccessClaims,
  shown: { readonly password: string; readonly code: string | undefined; readonly signal: AbortSignal },
  ports: StepUpPorts,
): Promise<StepUpOutcome> {
  const { userId, sessionId } = claims;
  const [account, state] = await Promise.all([ports.users.findCredentials(userId), ports.secondFactors.find(userId)]);
  if (account === undefined) return { kind: 'sessionEnded' };
  const checked = await checkCurrentPassword(account, shown.password, shown.signal, ports);
  if (checked.kind !== 'right') return checked;
  const factor = state?.factor?.isConfirmed === true ? state.factor : undefined;
  if (factor !== undefined) {
    if (shown.code === undefined) return { kind: 'codeNeeded' };
    const code = await checkCode({ userId, factor, code: shown.code }, ports);
    if (code.kind === 'limited') return code;
    if (code.kind === 'wrong') return { kind: 'wrongCode' };
  }
  const hasSecondFactor = factor !== undefined;
  const roles = await ports.sessions.authenticateAgain(sessionId, hasSecondFactor);
  if (roles === undefined) return { kind: 'sessionEnded' };
  const authenticatedAtSeconds = Math.floor(ports.clock.nowMs() / 1000);
  const session = { sessionId, userId, roles, authenticatedAtSeconds, hasSecondFactor };
  return { kind: 'steppedUp', accessToken: signAccessToken(session, ports) };
}
