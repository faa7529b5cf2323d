export interface Claim {
  /** Who asks for what kind of thing: the same key of somebody else is another one. */
  readonly scope: string;
  readonly key: string;
  readonly request: unknown;
  /** What is to be created gets this id, unless the key has one already. */
  readonly id: string;
}

export type ClaimOutcome =
  | { readonly kind: 'claimed' | 'known'; readonly id: string }
  /** The key stands for another request. */
  | { readonly kind: 'otherRequest' };

/** Ids of what is created, by the key that a client repeats its request with; asked of the primary. */
export interface IdempotencyKeys {
  claim(claim: Claim): Promise<ClaimOutcome>;
  /** Nothing was created: the key is free again, also for a corrected request. */
  release(claim: Claim): Promise<void>;
}
