import { block } from './blocks.ts';

/** What is the same for everybody: keys, discovery, the API's description. */
const PUBLIC_DOCUMENTS = ['location ^~ /.well-known/', 'location = /openapi.json'];

export function cacheZone(): string[] {
  return ['proxy_cache_path /tmp/cache keys_zone=documents:1m max_size=16m inactive=1d use_temp_path=off;'];
}

/**
 * Documents are kept for as long as the API's Cache-Control says, asked for anew by ETag, by one request at a time, and
 * served as they were while the API cannot be asked, for a day at the most. (The header's stale-if-error alone does not
 * move nginx where the API answers with an error.)
 */
export function cachedLocations(limits: readonly string[]): string[] {
  return PUBLIC_DOCUMENTS.map((location) =>
    block(location, [
      ...limits,
      'proxy_cache documents;',
      // Neither a query nor a Host that the client chose makes another document.
      'proxy_cache_key $uri;',
      'proxy_cache_lock on;',
      'proxy_cache_lock_timeout 2s;',
      'proxy_cache_revalidate on;',
      'proxy_cache_background_update on;',
      'proxy_cache_use_stale error timeout http_500 http_502 http_503 http_504;',
      'proxy_pass http://auth_api;',
    ]),
  );
}
