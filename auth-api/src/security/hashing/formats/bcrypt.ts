import type { StoredHash } from './stored-hash.ts';

const modularFormat = /^\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{53})$/;
const highestCost = 16;

/** `$2y$` is PHP's name of the algorithm that others call `$2b$`; the library knows only the latter. */
export function parseBcrypt(encoded: string): StoredHash | undefined {
  const match = modularFormat.exec(encoded);
  if (match === null) return undefined;
  const cost = Number(match[1]);
  if (cost < 4 || cost > highestCost) return undefined;
  return { family: 'bcrypt', cost, modular: encoded.replace(/^\$2y\$/, '$2b$') };
}
