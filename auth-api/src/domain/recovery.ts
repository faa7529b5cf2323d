import type { PendingAuditEvent } from './audit.ts';
import type { MailQueue } from './mail.ts';
import { hashNewPassword } from './new-password.ts';
import type { Clock } from './ports/clock.ts';
import type { AccountLockout, LimitDecision, RateLimiter } from './ports/limits.ts';
import type { Overloaded } from './ports/overload.ts';
import type { PasswordHasher, PasswordPolicy } from './ports/passwords.ts';
import type { RefreshTokens } from './ports/tokens.ts';
import { addressKey } from './username.ts';
import { uuidV7 } from './uuid.ts';

/** Whose password a token may set. */
export interface ResetAccount {
  readonly userId: string;
  readonly usernameKey: string;
  /** What the new password must not be too near to. */
  readonly words: readonly string[];
  readonly passwordHash: string;
  /** An administrator wants another password than that one. */
  readonly isPasswordChangeRequired: boolean;
}

/** Tokens that were mailed. Every method asks the primary. */
export interface MailedTokenStore {
  add(token: {
    readonly tokenHash: Buffer;
    readonly userId: string;
    readonly purpose: 'reset_password' | 'verify_email';
    readonly email: string;
    readonly credentialVersion: number;
    readonly lifetimeSeconds: number;
  }): Promise<void>;
  findResetAccount(tokenHash: Buffer): Promise<ResetAccount | undefined>;
  /** Uses the token up, sets the password and ends every session; false where the token is good no more. */
  resetPassword(reset: { readonly tokenHash: Buffer; readonly passwordHash: string }): Promise<boolean>;
  /** Uses the token up. `taken`: another account has verified the same address before. */
  verifyEmail(token: {
    readonly tokenHash: Buffer;
    readonly userId: string;
    readonly key: (email: string) => string;
  }): Promise<'verified' | 'taken' | 'invalid'>;
}

export interface RecoveryPorts {
  /** Undefined where this deployment sends no mail. */
  readonly mail: MailQueue | undefined;
  readonly mailedTokens: MailedTokenStore;
  readonly refreshTokens: RefreshTokens;
  readonly passwords: PasswordHasher;
  readonly passwordPolicy: PasswordPolicy;
  readonly limits: RateLimiter & Pick<AccountLockout, 'forgetFailures'>;
  readonly clock: Clock;
}

type Limited = Extract<LimitDecision, { kind: 'limited' }>;

/**
 * Queues mail with a link to set another password. The same is done for whatever was typed: who is meant, if anybody,
 * is looked up when the mail is sent, so that neither the answer nor its time tells.
 */
export async function requestReset(
  request: {
    readonly identifier: string;
    readonly languages: readonly string[];
    readonly clientNetwork: string | undefined;
  },
  { limits, clock }: Pick<RecoveryPorts, 'limits' | 'clock'>,
  mail: MailQueue,
): Promise<{ readonly kind: 'queued' } | Limited> {
  // User names and addresses are compared in the same form.
  const identifierKey = addressKey(request.identifier);
  const limited = await takeAll(limits, [
    ['recovery_account', identifierKey],
    ['recovery_network', request.clientNetwork],
  ]);
  if (limited !== undefined) return limited;
  const { languages } = request;
  await mail.enqueue({ id: uuidV7(clock.nowMs()), template: 'reset_password', identifierKey, languages });
  return { kind: 'queued' };
}

export type ResetOutcome =
  | { readonly kind: 'reset' }
  | { readonly kind: 'invalidToken' }
  | { readonly kind: 'passwordRefused'; readonly reason: string }
  | { readonly kind: 'abandoned' }
  | Limited
  | Overloaded;

/** Sets another password for whoever got the mail, and ends all sessions of the account. */
export async function resetPassword(
  reset: {
    readonly token: string;
    readonly newPassword: string;
    readonly clientNetwork: string | undefined;
    readonly signal: AbortSignal;
    /** Learns who it is about. */
    readonly event?: PendingAuditEvent;
  },
  ports: RecoveryPorts,
): Promise<ResetOutcome> {
  const { newPassword, signal } = reset;
  const limited = await takeAll(ports.limits, [['recovery_network', reset.clientNetwork]]);
  if (limited !== undefined) return limited;
  const tokenHash = ports.refreshTokens.hash(reset.token);
  // Before anything is hashed: guesses must be cheap.
  const account = await ports.mailedTokens.findResetAccount(tokenHash);
  if (account === undefined) return { kind: 'invalidToken' };
  reset.event?.about({ actorId: account.userId, subjectId: account.userId });
  const unlike = account.isPasswordChangeRequired ? account.passwordHash : undefined;
  const hashed = await hashNewPassword(newPassword, { words: account.words, unlike, signal }, ports);
  if (hashed.kind !== 'hashed') return hashed;
  const isReset = await ports.mailedTokens.resetPassword({ tokenHash, passwordHash: hashed.hash });
  if (!isReset) return { kind: 'invalidToken' };
  // Who was locked out by somebody else's guesses is let in.
  await ports.limits.forgetFailures(account.usernameKey);
  return { kind: 'reset' };
}

/** Queues mail with a link that shows that the address of the account is its own. */
export async function requestVerification(
  { userId, languages }: { readonly userId: string; readonly languages: readonly string[] },
  { limits, clock }: Pick<RecoveryPorts, 'limits' | 'clock'>,
  mail: MailQueue,
): Promise<{ readonly kind: 'queued' } | Limited> {
  const limited = await takeAll(limits, [['recovery_account', userId]]);
  if (limited !== undefined) return limited;
  await mail.enqueue({ id: uuidV7(clock.nowMs()), template: 'verify_email', userId, languages });
  return { kind: 'queued' };
}

/**
 * Only the account that asked can use its link. Otherwise whoever registers with the address of somebody else needs no
 * more than that person's click to own it.
 */
export function verifyEmail(
  { userId, token }: { readonly userId: string; readonly token: string },
  { mailedTokens, refreshTokens }: Pick<RecoveryPorts, 'mailedTokens' | 'refreshTokens'>,
): ReturnType<MailedTokenStore['verifyEmail']> {
  return mailedTokens.verifyEmail({ tokenHash: refreshTokens.hash(token), userId, key: addressKey });
}

/** The longest wait of those that are over their limit. */
async function takeAll(
  limits: RateLimiter,
  takes: readonly (readonly [rule: string, subject: string | undefined])[],
): Promise<Limited | undefined> {
  const known = takes.flatMap(([rule, subject]) => (subject === undefined ? [] : [limits.take(rule, subject)]));
  const limited = (await Promise.all(known)).filter((decision) => decision.kind === 'limited');
  return limited.sort((a, b) => b.retryAfterSeconds - a.retryAfterSeconds)[0];
}
