import { decodeBase64, encodePhcBase64 } from './base64.ts';
import type { StoredHash } from './stored-hash.ts';

type Argon2Hash = Extract<StoredHash, { family: 'argon2id' | 'argon2i' | 'argon2d' }>;

const phcString = /^\$(argon2id|argon2i|argon2d)\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([^$]+)\$([^$]+)$/;
const highestMemoryKib = 256 * 1024;
const highestPasses = 64;
const highestLanes = 16;
/** Work is memory times passes: many passes are fine over little memory, but not over much. */
const highestWorkKib = 2 * 1024 * 1024;

/** Version 19 (0x13) only: 16 was the draft's, and no imported table is known to hold it. */
export function parseArgon2(encoded: string): StoredHash | undefined {
  const match = phcString.exec(encoded);
  if (match === null) return undefined;
  const [, family, memory, time, lanes, encodedSalt = '', encodedHash = ''] = match;
  const [memoryKib, passes, parallelism] = [Number(memory), Number(time), Number(lanes)];
  const salt = decodeBase64(encodedSalt);
  const hash = decodeBase64(encodedHash);
  if (salt === undefined || hash === undefined || salt.length < 8 || hash.length < 16 || hash.length > 128) {
    return undefined;
  }
  const possible = passes >= 1 && parallelism >= 1 && memoryKib >= 8 * parallelism;
  const affordable =
    memoryKib <= highestMemoryKib &&
    passes <= highestPasses &&
    parallelism <= highestLanes &&
    memoryKib * passes <= highestWorkKib;
  if (!possible || !affordable) return undefined;
  return { family: family as Argon2Hash['family'], memoryKib, passes, parallelism, salt, hash };
}

export function formatArgon2(hash: Argon2Hash): string {
  const parameters = `m=${hash.memoryKib},t=${hash.passes},p=${hash.parallelism}`;
  return `$${hash.family}$v=19$${parameters}$${encodePhcBase64(hash.salt)}$${encodePhcBase64(hash.hash)}`;
}
