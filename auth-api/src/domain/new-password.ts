import type { Overloaded } from './ports/overload.ts';
import type { Abandoned, PasswordHasher, PasswordPolicy } from './ports/passwords.ts';

export type NewPasswordOutcome =
  | { readonly kind: 'hashed'; readonly hash: string }
  | { readonly kind: 'passwordRefused'; readonly reason: string }
  | Abandoned
  | Overloaded;

/** Hashes the password that is to replace the one of an account, if it meets the rules. */
export async function hashNewPassword(
  password: string,
  rules: {
    /** What it must not be too near to. */
    readonly words: readonly string[];
    /** The hash of the one before; undefined where that may be kept. */
    readonly unlike: string | undefined;
    readonly signal: AbortSignal;
  },
  ports: { readonly passwords: PasswordHasher; readonly passwordPolicy: PasswordPolicy },
): Promise<NewPasswordOutcome> {
  const { words, unlike, signal } = rules;
  const decision = ports.passwordPolicy.decide(password, words);
  if (decision.kind === 'refused') return { kind: 'passwordRefused', reason: decision.reason };
  if (unlike !== undefined) {
    const verified = await ports.passwords.verify(password, unlike, { signal, upgrade: false });
    if (verified.kind === 'overloaded' || verified.kind === 'abandoned') return verified;
    if (verified.kind === 'matched') return { kind: 'passwordRefused', reason: 'must be another one than before' };
  }
  const hashed = await ports.passwords.hash(password, { signal });
  if (hashed.kind !== 'tooLong') return hashed;
  return { kind: 'passwordRefused', reason: `must have at most ${hashed.maxBytes} bytes of UTF-8` };
}
