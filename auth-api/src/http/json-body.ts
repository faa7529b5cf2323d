import { isUtf8 } from 'node:buffer';

export type JsonBody =
  | { readonly kind: 'parsed'; readonly value: unknown }
  | { readonly kind: 'malformed'; readonly reason: 'encoding' | 'syntax' | 'repeatedName' };

/**
 * Parses a request's body by RFC 8259, and more strictly than JSON.parse: it must be UTF-8, and a name that stands twice
 * in an object is refused, since what checked the request before us may have read the other of the two.
 */
export function parseJsonBody(bytes: Buffer): JsonBody {
  if (!isUtf8(bytes)) return { kind: 'malformed', reason: 'encoding' };
  const text = bytes.toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    const isEachNamedOnce = writtenMembers(text) === parsedMembers(value);
    return isEachNamedOnce ? { kind: 'parsed', value } : { kind: 'malformed', reason: 'repeatedName' };
  } catch {
    return { kind: 'malformed', reason: 'syntax' };
  }
}

/** In valid JSON a string before a colon is the name of a member. */
function writtenMembers(text: string): number {
  let members = 0;
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (colon !== undefined) members += 1;
  return members;
}

/** Without recursion, which a deep body could exhaust. */
function parsedMembers(root: unknown): number {
  let members = 0;
  const left: unknown[] = [root];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== 'object' || value === null) continue;
    const children = Object.values(value);
    if (!Array.isArray(value)) members += children.length;
    left.push(...children);
  }
  return members;
}
