import { createHmac, createSecretKey, hash, type KeyObject, randomBytes } from 'node:crypto';
import type { RefreshTokens } from '../domain/ports/tokens.ts';

const tokenBytes = 32;

/** Opaque tokens of 256 bits in base64url. */
export class OpaqueRefreshTokens implements RefreshTokens {
  readonly #derivationKey: () => Buffer;
  /** Making a key of bytes costs five times what a successor does. */
  readonly #keys = new WeakMap<Buffer, KeyObject>();

  /** @param derivationKey the server's key of this moment, the same on every pod */
  constructor(derivationKey: () => Buffer) {
    this.#derivationKey = derivationKey;
  }

  mint(): string {
    return randomBytes(tokenBytes).toString('base64url');
  }

  /** The tokens are random, so that a plain hash keeps them as safe as a slow one would. */
  hash(token: string): Buffer {
    return hash('sha256', token, 'buffer');
  }

  successor(token: string): string {
    return createHmac('sha256', this.#key()).update('refresh-token-successor\0').update(token).digest('base64url');
  }

  #key(): KeyObject {
    const bytes = this.#derivationKey();
    const known = this.#keys.get(bytes);
    if (known !== undefined) return known;
    const key = createSecretKey(bytes);
    this.#keys.set(bytes, key);
    return key;
  }
}
