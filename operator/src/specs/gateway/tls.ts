import type { AuthCluster } from '../../api/authcluster.ts';
import { PORTS } from '../names.ts';
import { block } from './blocks.ts';
import { clientListeners } from './listeners.ts';
import { responses } from './responses.ts';
import { proxying } from './upstream.ts';

/** Where the Secret is mounted. */
export const TLS_DIRECTORY = '/etc/nginx/tls';

/** Whether nginx itself speaks TLS. An Ingress does it in its place, with the same Secret. */
export function terminatesTls({ spec: { gateway } }: AuthCluster): boolean {
  return gateway.tls !== undefined && gateway.expose.type !== 'Ingress';
}

/** Mozilla's "intermediate": every browser and library of the last years, and forward secrecy for all of them. */
export function tlsListener(cluster: AuthCluster): string[] {
  return [
    ...clientListeners(cluster, PORTS.gatewayTls, 'ssl'),
    'http2 on;',
    `ssl_certificate ${TLS_DIRECTORY}/tls.crt;`,
    `ssl_certificate_key ${TLS_DIRECTORY}/tls.key;`,
    'ssl_protocols TLSv1.2 TLSv1.3;',
    `ssl_ciphers ${CIPHERS.join(':')};`,
    'ssl_prefer_server_ciphers off;',
    'ssl_session_cache shared:sessions:4m;',
    'ssl_session_timeout 1d;',
    'ssl_session_tickets off;',
  ];
}

const CIPHERS = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
];

/**
 * Beside TLS: health for load balancers, and the way to https for what has sent nothing yet. A request with a body is
 * refused: it has sent its password in the clear, and to lead it on would hide that.
 */
export function plainServer(cluster: AuthCluster): string {
  return block('server', [
    ...clientListeners(cluster, PORTS.gateway),
    'server_name _;',
    ...responses(),
    ...proxying(),
    block('location = /health', ['access_log off;', 'proxy_pass http://auth_api;']),
    block('location /', [
      block('if ($request_method !~ "^(GET|HEAD)$")', ['return 403;']),
      'return 308 https://$host$request_uri;',
    ]),
  ]);
}
