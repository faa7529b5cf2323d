import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseKeySet, type SigningKeySet } from './key-set.ts';

export interface KeyDirectoryOptions {
  readonly directory: string;
  readonly reloadIntervalMs: number;
  readonly onReload: () => void;
  /** The files could not be read or are wrong; the keys read before stay in use. */
  readonly onReloadError: (error: unknown) => void;
}

interface Keys {
  readonly keySetText: string;
  readonly signing: SigningKeySet;
  readonly derivationKey: Buffer;
}

const derivationKeyBytes = 32;

/** The keys in a mounted Secret. Polled, since a mount changes by a swap of symbolic links that a watch can miss. */
export class KeyDirectory {
  readonly #options: KeyDirectoryOptions;
  #keys: Keys;
  #timer: NodeJS.Timeout | undefined;

  /** @throws Error when the files cannot be read, or are wrong */
  constructor(options: KeyDirectoryOptions) {
    this.#options = options;
    this.#keys = readKeys(options.directory);
  }

  signing(): SigningKeySet {
    return this.#keys.signing;
  }

  derivationKey(): Buffer {
    return this.#keys.derivationKey;
  }

  watch(): void {
    this.#timer ??= setInterval(() => this.#reload(), this.#options.reloadIntervalMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #reload(): void {
    try {
      const keys = readKeys(this.#options.directory, this.#keys);
      if (keys === this.#keys) return;
      this.#keys = keys;
      this.#options.onReload();
    } catch (error) {
      this.#options.onReloadError(error);
    }
  }
}

/** Returns `previous` where nothing has changed. */
function readKeys(directory: string, previous?: Keys): Keys {
  const keySetText = readFileSync(join(directory, 'keyset.json'), 'utf8');
  const derivationKey = Buffer.from(readFileSync(join(directory, 'derivation.key'), 'utf8'), 'base64');
  if (derivationKey.length !== derivationKeyBytes) {
    throw new Error(`derivation.key must be ${derivationKeyBytes} bytes in base64, not ${derivationKey.length}`);
  }
  if (previous?.keySetText === keySetText && previous.derivationKey.equals(derivationKey)) return previous;
  return { keySetText, signing: parseKeySet(keySetText), derivationKey };
}
