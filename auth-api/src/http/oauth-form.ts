import type { IncomingMessage } from 'node:http';
import { decodeJwt } from 'jose';
import type { PresentedClient } from '../domain/client-authentication.ts';

const longestFormBytes = 16_384;
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * Undefined for another media type, for more than any request needs, and where a field stands twice. One without a value is
 * left out (RFC 6749 section 3.2).
 */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= longestFormBytes) chunks.push(chunk);
  }
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  if (!isForm || length > longestFormBytes) return undefined;
  const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
  if (new Set(form.keys()).size < form.size) return undefined;
  return new URLSearchParams([...form].filter(([, value]) => value !== ''));
}

/** In one way alone (RFC 6749 section 2.3); undefined where the request shows no client that could be one. */
export function presentedClient(
  authorization: string | undefined,
  form: URLSearchParams,
): PresentedClient | undefined | 'severalWays' {
  const basic = basicCredentials(authorization);
  const [id, secret, assertion] = ['client_id', 'client_secret', 'client_assertion'].map((name) => form.get(name));
  const ways = [authorization !== undefined && /^basic /i.test(authorization), secret !== null, assertion !== null];
  if (ways.filter(Boolean).length > 1) return 'severalWays';
  if (typeof assertion === 'string') return assertedClient(assertion, id, form.get('client_assertion_type'));
  const shown = basic ?? (typeof id === 'string' && typeof secret === 'string' ? { id, secret } : undefined);
  if (shown === undefined || (typeof id === 'string' && id !== shown.id)) return undefined;
  return { kind: 'secret', ...shown };
}

/** Whom an assertion names is read before it is known to be true: it says whose keys to check it with (RFC 7523). */
function assertedClient(
  assertion: string,
  clientId: string | null | undefined,
  type: string | null,
): PresentedClient | undefined {
  if (type !== assertionType) return undefined;
  try {
    const { iss } = decodeJwt(assertion);
    if (typeof iss !== 'string' || (typeof clientId === 'string' && clientId !== iss)) return undefined;
    return { kind: 'assertion', id: iss, assertion };
  } catch {
    return undefined;
  }
}

function basicCredentials(authorization: string | undefined): { id: string; secret: string } | undefined {
  const encoded = /^basic ([\w+/=-]+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const at = text.indexOf(':');
  if (at < 0) return undefined;
  return { id: formDecoded(text.slice(0, at)), secret: formDecoded(text.slice(at + 1)) };
}

/** Both parts are form-encoded before they are joined; what is not is taken as it stands. */
function formDecoded(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    return part;
  }
}
