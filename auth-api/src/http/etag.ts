/** The ETag of what counts its changes. */
export function etagOf({ version }: { readonly version: number }): string {
  return `"${version}"`;
}

/** The version that an ETag of ours names; undefined for any other, which matches nothing. */
export function versionOf(etag: string | undefined): number | undefined {
  const version = /^"(\d{1,15})"$/.exec(etag ?? '')?.[1];
  return version === undefined ? undefined : Number(version);
}
