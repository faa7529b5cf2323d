import { createHash } from 'node:crypto';
import type { Answer } from './problem.ts';

/**
 * What is the same for everybody, and may be kept by anybody, a CDN included: for five minutes in each cache on its way,
 * during the last of which it is asked for anew (RFC 5861), and for a day where this service cannot be asked. A new
 * signing key is published for three times five minutes before it signs.
 */
const CACHE_CONTROL = 'public, max-age=240, stale-while-revalidate=60, stale-if-error=86400';

/** With an ETag of its content, by which Express answers 304 to whom has it. */
export function publicDocument(body: object): Answer {
  const etag = createHash('sha256').update(JSON.stringify(body)).digest('base64url');
  return { status: 200, body, headers: { 'cache-control': CACHE_CONTROL, etag: `"${etag}"` } };
}
