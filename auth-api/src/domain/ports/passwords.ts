import type { Overloaded } from './overload.ts';

/** The caller left while the job was still queued; nothing was computed. */
export interface Abandoned {
  readonly kind: 'abandoned';
}

export type HashOutcome =
  | { readonly kind: 'hashed'; readonly hash: string }
  | { readonly kind: 'tooLong'; readonly maxBytes: number }
  | Overloaded
  | Abandoned;

export type VerifyOutcome =
  | { readonly kind: 'matched'; readonly upgradedHash?: string }
  | { readonly kind: 'mismatched' }
  | Overloaded
  | Abandoned;

export interface PasswordHasher {
  hash(password: string, options?: { readonly signal?: AbortSignal }): Promise<HashOutcome>;
  /**
   * Takes the same time whether or not there is a stored hash (undefined: no such account). `upgrade: false` where a
   * match will be refused all the same. `upgradedHash` is to be stored by compare-and-swap.
   */
  verify(
    password: string,
    storedHash: string | undefined,
    options?: { readonly signal?: AbortSignal; readonly upgrade?: boolean },
  ): Promise<VerifyOutcome>;
}

/** The rules that a new password must meet; `reason` is a sentence for its user. */
export interface PasswordPolicy {
  /** @param userWords what is known of the user: user name, e-mail address, names */
  decide(
    password: string,
    userWords: readonly string[],
  ): { readonly kind: 'accepted' } | { readonly kind: 'refused'; readonly reason: string };
}
