import { hash } from 'node:crypto';
import { BoundedLru } from '../cache/bounded-lru.ts';
import type { AccessTokens, TokenClaims } from '../domain/ports/tokens.ts';

/** Nearly all tokens are shorter; one with very many roles is remembered by its SHA-256, so that memory has a bound. */
const longestKeyChars = 1024;

/**
 * Remembers what a signature check found, by the token itself: looking it up costs a hundredth of a check, and much less
 * than a digest of it would. Only tokens that were valid are remembered, until they expire, and those that were signed
 * here; whether their session lives is asked each time.
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
    this.#remember(token, claims);
    return token;
  }

  verify(token: string, nowSeconds: number): TokenClaims | undefined {
    const known = this.#verified.get(keyOf(token), nowSeconds * 1000);
    if (known !== undefined) return known;
    const claims = this.#tokens.verify(token, nowSeconds);
    if (claims !== undefined) this.#remember(token, claims);
    return claims;
  }

  /** The keys have changed: a token signed with one that is gone is valid no more. */
  clear(): void {
    this.#verified.clear();
  }

  #remember(token: string, claims: TokenClaims): void {
    this.#verified.set(keyOf(token), claims, claims.expiresAtSeconds * 1000);
  }
}

function keyOf(token: string): string {
  // A token has no blank in it: nobody can show the digest of one in its place.
  return token.length <= longestKeyChars ? token : `sha256 ${hash('sha256', token, 'base64')}`;
}
