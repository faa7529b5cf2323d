import { decodeBase64 } from './base64.ts';
import type { StoredHash } from './stored-hash.ts';

const phcString = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,2})\$([^$]+)\$([^$]+)$/;
const highestMemoryBytes = 128 * 1024 * 1024;
const highestLanes = 16;

export interface ScryptWork {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelism: number;
}

/** `ln` is the binary logarithm of the cost N. */
export function parseScrypt(encoded: string): StoredHash | undefined {
  const match = phcString.exec(encoded);
  if (match === null) return undefined;
  const [, logarithm, block, lanes, encodedSalt = '', encodedHash = ''] = match;
  const work = affordableScrypt(Number(logarithm), Number(block), Number(lanes));
  const salt = decodeBase64(encodedSalt);
  const hash = decodeBase64(encodedHash);
  if (salt === undefined || hash === undefined || hash.length < 16 || hash.length > 128) return undefined;
  return work === undefined ? undefined : { family: 'scrypt', ...work, salt, hash };
}

/** Undefined for what is impossible, and beyond the caps. */
export function affordableScrypt(costLog2: number, blockSize: number, parallelism: number): ScryptWork | undefined {
  const possible = costLog2 >= 1 && blockSize >= 1 && parallelism >= 1;
  const memoryBytes = scryptMemoryBytes(2 ** costLog2, blockSize);
  if (!possible || memoryBytes > highestMemoryBytes || parallelism > highestLanes) return undefined;
  return { cost: 2 ** costLog2, blockSize, parallelism };
}

/** RFC 7914 section 2: the working set is 128 * N * r bytes. */
export function scryptMemoryBytes(cost: number, blockSize: number): number {
  return 128 * cost * blockSize;
}
