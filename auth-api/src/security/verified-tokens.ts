import { hash } from 'node:crypto';
import { BoundedLru } from '../cache/bounded-lru.ts';
import type { AccessTokens, TokenClaims } from '../domain/ports/tokens.ts';

/**
 * Remembers what a signature check found, by the SHA-256 of the token: a hash costs a hundredth of a check. Only tokens
 * that were valid are remembered, until they expire, and those that were signed here; whether their session lives is
 * asked each time.
 */
export class VerifiedTokens implements AccessTokens {
  readonly #tokens: AccessTokens;
  readonly #verified: BoundedLru<TokenClaims>;

  /** @throws RangeError for a size under 1 */
  constructor(tokens: AccessTokens, maxEntries: number) {
    this.#tokens = tokens;
    this.#verified = new BoundedLru(maxEntries);
  }

  sign(claims: TokenClaims): string {
    const token = this.#tokens.sign(claims);
    this.#remember(digestOf(token), claims);
    return token;
  }

  verify(token: string, nowSeconds: number): TokenClaims | undefined {
    const digest = digestOf(token);
    const known = this.#verified.get(digest, nowSeconds * 1000);
    if (known !== undefined) return known;
    const claims = this.#tokens.verify(token, nowSeconds);
    if (claims !== undefined) this.#remember(digest, claims);
    return claims;
  }

  /** The keys have changed: a token signed with one that is gone is valid no more. */
  clear(): void {
    this.#verified.clear();
  }

  #remember(digest: string, claims: TokenClaims): void {
    this.#verified.set(digest, claims, claims.expiresAtSeconds * 1000);
  }
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64');
}
