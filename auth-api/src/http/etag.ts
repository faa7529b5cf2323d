import { createHash } from 'node:crypto';

/** The ETag of what counts its changes. */
export function etagOf({ version }: { readonly version: number }): string {
  return `"${version}"`;
}

/** Of what has no version of its own, by all that it says. */
export function contentEtag(body: object): string {
  return `"${createHash('sha256').update(JSON.stringify(body)).digest('base64url')}"`;
}

/** The version that an ETag of ours names; undefined for any other, which matches nothing. */
export function versionOf(etag: string | undefined): number | undefined {
  const version = /^"(\d{1,15})"$/.exec(etag ?? '')?.[1];
  return version === undefined ? undefined : Number(version);
}
