/** What an access token of a user says. */
export interface AccessClaims {
  readonly userId: string;
  readonly sessionId: string;
  readonly roles: readonly string[];
  /** When somebody last showed who they are; 0 where that is not known. */
  readonly authenticatedAtSeconds: number;
  readonly hasSecondFactor: boolean;
  readonly tokenId: string;
  readonly issuedAtSeconds: number;
  readonly expiresAtSeconds: number;
}

/** What an access token of a service says, which it got for itself. */
export interface ServiceClaims {
  readonly clientId: string;
  /** What the token lives by; see LiveSessions. */
  readonly grantId: string;
  /** Names of permissions. */
  readonly scopes: readonly string[];
  readonly tokenId: string;
  readonly issuedAtSeconds: number;
  readonly expiresAtSeconds: number;
}

export type TokenClaims = AccessClaims | ServiceClaims;

export function isService(claims: TokenClaims): claims is ServiceClaims {
  return 'clientId' in claims;
}

export interface AccessTokens {
  /** Signs with the active key. */
  sign(claims: TokenClaims): string;
  /** Signature, issuer, audience and lifetime; undefined for whatever is not a valid token of ours. */
  verify(token: string, nowSeconds: number): TokenClaims | undefined;
}

export interface RefreshTokens {
  mint(): string;
  hash(token: string): Buffer;
  /** The one token that may follow this one: the same on every pod, and known to none but who has the server's key. */
  successor(token: string): string;
}
