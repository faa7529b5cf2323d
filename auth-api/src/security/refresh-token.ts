import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { RefreshTokens } from '../domain/ports/tokens.ts';

const tokenBytes = 32;

/** Opaque tokens of 256 bits in base64url. */
export class OpaqueRefreshTokens implements RefreshTokens {
  readonly #derivationKey: () => Buffer;

  /** @param derivationKey the server's key of this moment, the same on every pod */
  constructor(derivationKey: () => Buffer) {
    this.#derivationKey = derivationKey;
  }

  mint(): string {
    return randomBytes(tokenBytes).toString('base64url');
  }

  /** The tokens are random, so that a plain hash keeps them as safe as a slow one would. */
  hash(token: string): Buffer {
    return createHash('sha256').update(token).digest();
  }

  successor(token: string): string {
    return createHmac('sha256', this.#derivationKey())
      .update('refresh-token-successor\0')
      .update(token)
      .digest('base64url');
  }
}
