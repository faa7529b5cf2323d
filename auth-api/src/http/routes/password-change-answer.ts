import { challengeLifetimeSeconds } from '../../domain/login-challenge.ts';
import { type Answer, problem } from '../problem.ts';

/** For a login that waits for another password. */
export function passwordChangeNeeded(token: string, recoveryCodes?: readonly string[]): Answer {
  const codes = recoveryCodes === undefined ? {} : { recovery_codes: recoveryCodes };
  const extensions = { password_change_token: token, expires_in: challengeLifetimeSeconds, ...codes };
  return problem('password_change_required', { extensions });
}
