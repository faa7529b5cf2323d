import { decodeBase64 } from './base64.ts';
import type { StoredHash } from './stored-hash.ts';

type Digest = Extract<StoredHash, { family: 'pbkdf2' }>['digest'];

const phcString = /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$(?:i=)?(\d{1,8})(?:,l=\d{1,3})?\$([^$]+)\$([^$]+)$/;
const djangoString = /^pbkdf2_(sha1|sha256|sha512)\$(\d{1,8})\$([^$]+)\$([^$]+)$/;
const highestIterations = 2_000_000;

/** In a PHC string the salt is base64, in Django's it is the text itself. */
export function parsePbkdf2(encoded: string): StoredHash | undefined {
  const phc = phcString.exec(encoded);
  const django = djangoString.exec(encoded);
  const match = phc ?? django;
  if (match === null) return undefined;
  const [, digest = 'sha1', count, encodedSalt = '', encodedHash = ''] = match;
  const iterations = Number(count);
  const salt = phc === null ? Buffer.from(encodedSalt, 'utf8') : decodeBase64(encodedSalt);
  const hash = decodeBase64(encodedHash);
  if (salt === undefined || hash === undefined || hash.length < 16 || hash.length > 128) return undefined;
  if (iterations < 1 || iterations > highestIterations) return undefined;
  return { family: 'pbkdf2', digest: digest as Digest, iterations, salt, hash };
}
