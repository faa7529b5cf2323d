import { createHash } from 'node:crypto';
import type { ExpectedVersion } from '../domain/ports/expected-version.ts';

/** What If-Match lists: strong tags alone, since a weak one never matches (RFC 9110 section 13.1.1). */
export type EntityTags = '*' | readonly string[];

const entityTag = /(?:W\/)?"[^"]*"/g;

/**
 * The ETag of what counts its changes. Some of what it says changes without being counted, as the roles of an account
 * do: that is in the tag for If-None-Match, and does not stand in the way of a change.
 */
export function etagOf({ version }: { readonly version: number }, body: object): string {
  return `"${version}-${digest(body)}"`;
}

/** Of what has no version of its own, by all that it says. */
export function contentEtag(body: object): string {
  return `"${digest(body)}"`;
}

/** Of an If-Match; none of one that is no list of tags, so that nothing matches it. */
export function entityTagsIn(header: string): EntityTags {
  if (header.trim() === '*') return '*';
  const isList = /^[\t ,]*$/.test(header.replaceAll(entityTag, ''));
  const tags = isList ? header.match(entityTag) : null;
  return (tags ?? []).filter((tag) => tag.startsWith('"'));
}

export function isMatch(tags: EntityTags, etag: string): boolean {
  return tags === '*' || tags.includes(etag);
}

/** The versions that tags of ours name; any other tag matches nothing. */
export function versionsOf(tags: EntityTags): ExpectedVersion {
  if (tags === '*') return 'any';
  return tags.flatMap((tag) => /^"(\d{1,15})-[\w-]+"$/.exec(tag)?.[1] ?? []).map(Number);
}

function digest(body: object): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('base64url');
}
