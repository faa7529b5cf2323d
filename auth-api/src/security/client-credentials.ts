import { createHash, timingSafeEqual } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The services that may introspect and revoke tokens: in a mounted Secret each file is a client, its content the secret. */
export class ClientCredentials {
  readonly #directory: string | undefined;
  #secretHashes = new Map<string, Buffer>();

  /** @throws Error when the directory cannot be read */
  constructor(directory: string | undefined) {
    this.#directory = directory;
    this.reload();
  }

  /** Reads the files anew, so that a secret can be changed without a restart. */
  reload(): void {
    if (this.#directory === undefined) return;
    const directory = this.#directory;
    // A mounted Secret keeps its data in folders that begin with two dots.
    const files = readdirSync(directory, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
    const secrets = files.map(({ name }) => [name, readFileSync(join(directory, name), 'utf8').trim()] as const);
    this.#secretHashes = new Map(
      secrets.filter(([, secret]) => secret !== '').map(([id, secret]) => [id, hash(secret)]),
    );
  }

  /** In the same time for every client and secret. */
  areValid(clientId: string, secret: string): boolean {
    const stored = this.#secretHashes.get(clientId);
    const isEqual = timingSafeEqual(hash(secret), stored ?? hash(''));
    return stored !== undefined && isEqual;
  }
}

function hash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
