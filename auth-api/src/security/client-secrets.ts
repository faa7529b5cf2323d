import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ClientSecrets } from '../domain/client-authentication.ts';

const secretBytes = 32;

/** Secrets of 256 bits in base64url. */
export class RandomClientSecrets implements ClientSecrets {
  readonly #derivationKey: () => Buffer;

  /** @param derivationKey the server's key of this moment, the same on every pod */
  constructor(derivationKey: () => Buffer) {
    this.#derivationKey = derivationKey;
  }

  /** A request that is repeated with its Idempotency-Key, the seed, is answered with the same secret, stored nowhere. */
  mint(seed: string | undefined): string {
    if (seed === undefined) return randomBytes(secretBytes).toString('base64url');
    return createHmac('sha256', this.#derivationKey()).update('client-secret\0').update(seed).digest('base64url');
  }

  /** The secrets are random: nobody can try them all, however fast the hash. A slow one would only cost each request. */
  hash(secret: string): Buffer {
    return createHash('sha256').update(secret).digest();
  }

  isAmong(secret: string, hashes: readonly Buffer[]): boolean {
    const presented = this.hash(secret);
    return hashes.some((hash) => hash.length === presented.length && timingSafeEqual(hash, presented));
  }
}
