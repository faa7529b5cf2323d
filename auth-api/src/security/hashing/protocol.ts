import type { HashPolicy } from './policy.ts';
import type { Verification, VerificationRequest } from './verification.ts';

/** What crosses to and from a hashing thread. One request at a time is in a thread, so answers carry no id. */
export type HashingRequest =
  | { readonly kind: 'hash'; readonly password: string }
  | ({ readonly kind: 'verify' } & VerificationRequest);

export type HashingAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'hashed'; readonly hash: string }
  | Verification;

export interface HashingWorkerData {
  readonly policy: HashPolicy;
}
