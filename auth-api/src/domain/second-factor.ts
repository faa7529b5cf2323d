import type { PendingAuditEvent } from './audit.ts';
import type { Clock } from './ports/clock.ts';
import type { AccountLockout } from './ports/limits.ts';
import type { AccessClaims } from './ports/tokens.ts';

/** Codes of an authenticator (RFC 6238), and those that replace a lost one. */
export interface OneTimeCodes {
  /** @returns the secret in base32, and sealed for storage */
  newSecret(userId: string): { readonly secret: string; readonly sealed: Buffer };
  /** The step of which this is the code, if it is about now and after the one used last. */
  matchingStep(check: {
    readonly userId: string;
    readonly sealed: Buffer;
    readonly code: string;
    readonly nowMs: number;
    readonly lastUsedStep: number;
  }): number | undefined;
  newRecoveryCode(): string;
  hashRecoveryCode(code: string): Buffer;
}

export interface Factor {
  readonly sealedSecret: Buffer;
  readonly isConfirmed: boolean;
  readonly lastUsedStep: number;
  readonly recoveryCodesLeft: number;
}

export interface SecondFactorState {
  readonly username: string;
  /** A role of the account asks for one. */
  readonly isRequired: boolean;
  readonly factor: Factor | undefined;
}

/** Every method asks the primary; those that change something tell whether they did. */
export interface SecondFactorStore {
  find(userId: string): Promise<SecondFactorState | undefined>;
  /** Replaces a secret that was not confirmed; one that was stays. */
  start(userId: string, sealedSecret: Buffer): Promise<boolean>;
  /** Of two who confirm at once one does. The session given has shown its second factor by it. */
  confirm(confirmation: {
    readonly userId: string;
    /** Of which the code was shown: false where another one has taken its place. */
    readonly sealedSecret: Buffer;
    readonly step: number;
    readonly recoveryCodeHashes: readonly Buffer[];
    readonly sessionId: string | undefined;
  }): Promise<boolean>;
  /** False where this step or a later one was used before, or another secret has taken the place of this one. */
  useStep(use: { readonly userId: string; readonly sealedSecret: Buffer; readonly step: number }): Promise<boolean>;
  useRecoveryCode(userId: string, codeHash: Buffer): Promise<boolean>;
  replaceRecoveryCodes(userId: string, codeHashes: readonly Buffer[]): Promise<boolean>;
  /** Leaves one that has been confirmed where that is not to be removed: it may have been since it was looked for. */
  remove(
    userId: string,
    options: { readonly alsoConfirmed: boolean },
    act?: PendingAuditEvent,
  ): Promise<'removed' | 'none' | 'confirmed'>;
}

export interface SecondFactorPorts {
  readonly secondFactors: SecondFactorStore;
  readonly oneTimeCodes: OneTimeCodes;
  readonly limits: AccountLockout;
  readonly clock: Clock;
}

const recoveryCodeCount = 10;

/** What an authenticator is to learn. */
export interface Enrollment {
  /** In base32. */
  readonly secret: string;
  /** https://github.com/google/google-authenticator/wiki/Key-Uri-Format */
  readonly uri: string;
}

/** A new secret, of which a code must be shown before it counts; undefined where there is a confirmed one already. */
export async function startEnrollment(
  { userId, username, service }: { readonly userId: string; readonly username: string; readonly service: string },
  { secondFactors, oneTimeCodes }: SecondFactorPorts,
): Promise<Enrollment | undefined> {
  const { secret, sealed } = oneTimeCodes.newSecret(userId);
  if (!(await secondFactors.start(userId, sealed))) return undefined;
  const label = `${encodeURIComponent(service)}:${encodeURIComponent(username)}`;
  const parameters = `secret=${secret}&issuer=${encodeURIComponent(service)}&algorithm=SHA1&digits=6&period=30`;
  return { secret, uri: `otpauth://totp/${label}?${parameters}` };
}

export type CodeOutcome =
  | { readonly kind: 'right'; readonly recoveryCodes: readonly string[] | undefined }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number };

/** How long somebody has to wait whose codes were wrong too often. */
const lockedRetrySeconds = 30;

/**
 * Checks a code of an authenticator or for recovery, and uses it up. The first code of a secret confirms it, and is
 * answered with codes for recovery. Six digits can be guessed: tries are limited, and wrong ones lock.
 */
export async function checkCode(
  {
    userId,
    factor,
    code,
    sessionId,
  }: {
    readonly userId: string;
    readonly factor: Factor;
    readonly code: string;
    readonly sessionId?: string;
  },
  ports: SecondFactorPorts,
): Promise<CodeOutcome> {
  const { limits } = ports;
  // No user name has a colon.
  const account = `second-factor:${userId}`;
  const admission = await limits.admit('second_factor', account);
  if (admission.kind === 'limited') return admission;
  if (admission.kind === 'lockedOut') return { kind: 'limited', retryAfterSeconds: lockedRetrySeconds };
  const outcome = await useCode(userId, factor, code, sessionId, ports);
  if (outcome.kind === 'wrong') await limits.recordFailure(account);
  else if (admission.mayHaveFailed) await limits.forgetFailures(account);
  return outcome;
}

async function useCode(
  userId: string,
  factor: Factor,
  code: string,
  sessionId: string | undefined,
  { secondFactors, oneTimeCodes, clock }: SecondFactorPorts,
): Promise<Exclude<CodeOutcome, { kind: 'limited' }>> {
  const { sealedSecret, lastUsedStep } = factor;
  if (!/^\d{6}$/.test(code)) {
    const isUsed =
      factor.isConfirmed && (await secondFactors.useRecoveryCode(userId, oneTimeCodes.hashRecoveryCode(code)));
    return isUsed ? { kind: 'right', recoveryCodes: undefined } : { kind: 'wrong' };
  }
  const step = oneTimeCodes.matchingStep({ userId, sealed: sealedSecret, code, nowMs: clock.nowMs(), lastUsedStep });
  if (step === undefined) return { kind: 'wrong' };
  if (factor.isConfirmed) {
    return (await secondFactors.useStep({ userId, sealedSecret, step }))
      ? { kind: 'right', recoveryCodes: undefined }
      : { kind: 'wrong' };
  }
  const recoveryCodes = newRecoveryCodes(oneTimeCodes);
  const recoveryCodeHashes = recoveryCodes.map((each) => oneTimeCodes.hashRecoveryCode(each));
  const isConfirmed = await secondFactors.confirm({ userId, sealedSecret, step, recoveryCodeHashes, sessionId });
  return isConfirmed ? { kind: 'right', recoveryCodes } : { kind: 'wrong' };
}

/**
 * New codes for recovery in place of those before; undefined where there is no second factor, or the session has not shown
 * it: then there was none at its step-up, and one that has been confirmed since is not to be got around by them.
 */
export async function renewRecoveryCodes(
  { userId, hasSecondFactor }: Pick<AccessClaims, 'userId' | 'hasSecondFactor'>,
  { secondFactors, oneTimeCodes }: SecondFactorPorts,
): Promise<readonly string[] | undefined> {
  if (!hasSecondFactor) return undefined;
  const codes = newRecoveryCodes(oneTimeCodes);
  const hashes = codes.map((code) => oneTimeCodes.hashRecoveryCode(code));
  return (await secondFactors.replaceRecoveryCodes(userId, hashes)) ? codes : undefined;
}

function newRecoveryCodes(oneTimeCodes: OneTimeCodes): string[] {
  return Array.from({ length: recoveryCodeCount }, () => oneTimeCodes.newRecoveryCode());
}

/** What somebody has to show before a sensitive request (RFC 9470); undefined: nothing more. */
export async function missingForStepUp(
  claims: Pick<AccessClaims, 'userId' | 'authenticatedAtSeconds' | 'hasSecondFactor'>,
  maxAgeSeconds: number,
  { secondFactors, clock }: Pick<SecondFactorPorts, 'secondFactors' | 'clock'>,
): Promise<{ readonly needsSecondFactor: boolean } | undefined> {
  const isOld = claims.authenticatedAtSeconds + maxAgeSeconds < clock.nowMs() / 1000;
  const state = claims.hasSecondFactor && !isOld ? undefined : await secondFactors.find(claims.userId);
  const needsSecondFactor = state?.factor?.isConfirmed === true;
  return isOld || needsSecondFactor ? { needsSecondFactor } : undefined;
}
