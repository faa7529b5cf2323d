import { block } from './blocks.ts';

/**
 * Accounts are imported in a body of any length, which is handed on as it comes: kept in files first, it would fill the pod's
 * disk. The API takes it no faster than it writes to the database, which may pause for a planned switchover. In any spelling
 * that the API takes.
 */
export function importLocation(limits: readonly string[]): string {
  return block('location ~* ^/v1/admin/users/import/?$', [
    ...limits,
    'client_max_body_size 0;',
    'client_body_timeout 60s;',
    'proxy_request_buffering off;',
    'proxy_send_timeout 60s;',
    'proxy_read_timeout 60s;',
    'proxy_pass http://auth_api;',
  ]);
}
