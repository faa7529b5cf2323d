import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { OneTimeCodes } from '../domain/second-factor.ts';
import { base32 } from './base32.ts';
import { matchingStep } from './totp.ts';

/** As long as the output of SHA-1 (RFC 4226 section 4). */
const secretBytes = 20;
const recoveryCodeBytes = 16;
const algorithm = 'aes-256-gcm';
const format = 1;
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Secrets of TOTP are sealed with AES-256-GCM under a key derived from the server's derivation key, and bound to their
 * user: whoever can read or write the database alone can neither make codes nor exchange secrets.
 */
export class SealedOneTimeCodes implements OneTimeCodes {
  readonly #derivationKey: () => Buffer;

  /** @param derivationKey the server's key of this moment, the same on every pod */
  constructor(derivationKey: () => Buffer) {
    this.#derivationKey = derivationKey;
  }

  newSecret(userId: string): { readonly secret: string; readonly sealed: Buffer } {
    const secret = randomBytes(secretBytes);
    return { secret: base32(secret), sealed: this.#seal(secret, userId) };
  }

  matchingStep(check: Parameters<OneTimeCodes['matchingStep']>[0]): number | undefined {
    const secret = this.#open(check.sealed, check.userId);
    return matchingStep(secret, check.code, check.nowMs, check.lastUsedStep);
  }

  /** `ABCDE-FGHIJ-…`: 128 random bits. */
  newRecoveryCode(): string {
    return base32(randomBytes(recoveryCodeBytes)).replaceAll(/.{5}(?=.)/g, '$&-');
  }

  /** Random enough for a fast hash; however it was typed. */
  hashRecoveryCode(code: string): Buffer {
    return createHash('sha256').update(code.replaceAll(/[\s-]/g, '').toUpperCase()).digest();
  }

  #seal(secret: Buffer, userId: string): Buffer {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, this.#key(), nonce).setAAD(Buffer.from(userId));
    const sealed = Buffer.concat([cipher.update(secret), cipher.final()]);
    return Buffer.concat([Buffer.from([format]), nonce, cipher.getAuthTag(), sealed]);
  }

  /** @throws Error when it was sealed for another user, or under another key */
  #open(sealed: Buffer, userId: string): Buffer {
    if (sealed[0] !== format) throw new Error(`a second factor is sealed in the unknown format ${sealed[0]}`);
    const nonce = sealed.subarray(1, 1 + nonceBytes);
    const tag = sealed.subarray(1 + nonceBytes, 1 + nonceBytes + tagBytes);
    const decipher = createDecipheriv(algorithm, this.#key(), nonce, { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(userId)).setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed.subarray(1 + nonceBytes + tagBytes)), decipher.final()]);
  }

  #key(): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#derivationKey(), '', 'second-factor-secret', 32));
  }
}
