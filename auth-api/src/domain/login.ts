import type { PendingAuditEvent } from './audit.ts';
import { askForCode, askForPassword, type LoginChallengeStore } from './login-challenge.ts';
import { openSession, prepareSession } from './open-session.ts';
import type { AccountLockout, Admission, RateLimiter } from './ports/limits.ts';
import type { Overloaded } from './ports/overload.ts';
import type { PasswordHasher } from './ports/passwords.ts';
import type { PreparedSession, SessionStore } from './ports/sessions.ts';
import type { Spans } from './ports/spans.ts';
import type { LoginAccount, UserStore } from './ports/users.ts';
import type { IssuedTokens, TokenPorts } from './tokens.ts';
import { usernameKey } from './username.ts';
import { uuidV7 } from './uuid.ts';

export interface LoginAttempt {
  readonly username: string;
  readonly password: string;
  readonly clientAddress: string | undefined;
  /** By which the client is limited; undefined where it cannot be told from others. */
  readonly clientNetwork: string | undefined;
  readonly userAgent: string | undefined;
  /** Fires when the client leaves. */
  readonly signal?: AbortSignal;
  /** Learns who it is about. */
  readonly event?: PendingAuditEvent;
}

export type RefusalReason =
  | 'user_not_found'
  | 'invalid_password'
  | 'account_locked'
  | 'account_disabled'
  | 'credentials_changed';

export type LoginOutcome =
  | { readonly kind: 'loggedIn'; readonly tokens: IssuedTokens }
  /** The password was right: a code is to follow, with this token; see completeLogin. */
  | { readonly kind: 'secondFactorNeeded'; readonly token: string; readonly isEnrolled: boolean }
  /** The password was right, and has to be replaced, with this token; see completePasswordChange. */
  | { readonly kind: 'passwordChangeNeeded'; readonly token: string }
  /** The reason is for metrics alone: the answer must be the same for all of them. */
  | { readonly kind: 'refused'; readonly reason: RefusalReason }
  /** Too many attempts: answer 429 with Retry-After. */
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  | { readonly kind: 'abandoned' }
  | Overloaded;

export interface LoginPorts extends TokenPorts {
  readonly users: UserStore;
  readonly sessions: SessionStore;
  readonly challenges: LoginChallengeStore;
  readonly passwords: PasswordHasher;
  readonly limits: RateLimiter & AccountLockout;
  readonly spans: Spans;
}

/**
 * Checks a user name and password, and opens a session. Every refusal costs one hash of the current policy, so that
 * neither the answer nor its time tells an unknown user from a wrong password, a locked or a disabled account.
 */
export function login(attempt: LoginAttempt, ports: LoginPorts): Promise<LoginOutcome> {
  const key = usernameKey(attempt.username);
  attempt.event?.about({ presentedName: key });
  const outcome = (result: LoginOutcome) => (result.kind === 'refused' ? result.reason : result.kind);
  return ports.spans.run('authenticate', () => logInAs(key, attempt, ports), { username: key, outcome });
}

async function logInAs(key: string, attempt: LoginAttempt, ports: LoginPorts): Promise<LoginOutcome> {
  const admission = await admitted(attempt, key, ports.limits);
  if (admission.kind === 'limited') return admission;
  const account = await ports.spans.run('get_user', () => ports.users.findForLogin(key));
  if (account !== undefined) attempt.event?.about({ subjectId: account.userId });
  const isLocked = admission.kind === 'lockedOut';
  const verifying = verifyPassword(attempt, account, isLocked, ports);
  // Meanwhile; also where there is no account, or it would take longer where there is one.
  const session = prepareSession(account?.userId ?? uuidV7(ports.clock.nowMs()), ports);
  const verified = await verifying;
  if (verified.kind === 'overloaded' || verified.kind === 'abandoned') return verified;
  if (isLocked) {
    // Another question takes as long as it would to record a failure.
    await ports.limits.lockout(key);
    return { kind: 'refused', reason: 'account_locked' };
  }
  if (account === undefined || verified.kind === 'mismatched') {
    await recordFailure(key, account, attempt, ports.limits);
    return { kind: 'refused', reason: account === undefined ? 'user_not_found' : 'invalid_password' };
  }
  if (!account.isActive) {
    // As for a wrong password, or the number of tries would tell that it was right.
    await recordFailure(key, account, attempt, ports.limits);
    return { kind: 'refused', reason: 'account_disabled' };
  }
  const mayHaveFailed = admission.kind === 'open' && admission.mayHaveFailed;
  const [outcome] = await Promise.all([
    ports.spans.run('create_session', () => letIn(attempt, account, { session, ...verified }, ports)),
    ...(mayHaveFailed ? [ports.limits.forgetFailures(key)] : []),
  ]);
  return outcome;
}

function verifyPassword(
  { password, signal }: LoginAttempt,
  account: LoginAccount | undefined,
  isLocked: boolean,
  { passwords, spans }: LoginPorts,
): ReturnType<PasswordHasher['verify']> {
  const options = {
    upgrade: account?.isActive === true && !isLocked,
    ...(signal === undefined ? {} : { signal }),
  };
  const verify = () => passwords.verify(password, account?.passwordHash, options);
  return spans.run('verify_password', verify, { outcome: ({ kind }) => kind });
}

async function recordFailure(
  key: string,
  account: LoginAccount | undefined,
  { event }: LoginAttempt,
  limits: AccountLockout,
): Promise<void> {
  const { kind } = await limits.recordFailure(key);
  if (kind === 'lockedOut' && account !== undefined) event?.also('account_locked');
}

/** Whether the account may try, and its client's network as well. */
async function admitted(
  { clientNetwork }: LoginAttempt,
  key: string,
  limits: RateLimiter & AccountLockout,
): Promise<Admission> {
  const [account, network] = await Promise.all([
    limits.admit('login_account', key),
    clientNetwork === undefined ? undefined : limits.take('login_network', clientNetwork),
  ]);
  if (network?.kind !== 'limited') return account;
  const accountSeconds = account.kind === 'limited' ? account.retryAfterSeconds : 0;
  return { kind: 'limited', retryAfterSeconds: Math.max(network.retryAfterSeconds, accountSeconds) };
}

/** Opens a session, or where something more is asked for what waits for that. */
async function letIn(
  attempt: LoginAttempt,
  account: LoginAccount,
  { session, upgradedHash }: { readonly session: PreparedSession; readonly upgradedHash?: string },
  ports: LoginPorts,
): Promise<LoginOutcome> {
  const { secondFactor } = account;
  const hashUpgrade = upgradedHash === undefined ? undefined : { from: account.passwordHash, to: upgradedHash };
  if (secondFactor !== 'none') {
    const token = await askForCode(account, hashUpgrade, ports);
    return { kind: 'secondFactorNeeded', token, isEnrolled: secondFactor === 'enrolled' };
  }
  if (account.isPasswordChangeRequired) {
    return { kind: 'passwordChangeNeeded', token: await askForPassword(account, { hasSecondFactor: false }, ports) };
  }
  const shown = { hasSecondFactor: false, ...(hashUpgrade === undefined ? {} : { hashUpgrade }) };
  const tokens = await openSession(session, account, { client: attempt, ...shown }, ports);
  return tokens === undefined ? { kind: 'refused', reason: 'credentials_changed' } : { kind: 'loggedIn', tokens };
}
