import type { AuthCluster } from '../../api/authcluster.ts';
import { PORTS } from '../names.ts';
import { oncePer } from '../once-per.ts';
import { block } from './blocks.ts';
import { cachedLocations, cacheZone } from './caching.ts';
import { clientAddress } from './client-address.ts';
import { importLocation } from './imports.ts';
import { clientListeners } from './listeners.ts';
import { accessLog, counting, operationsServer } from './operations.ts';
import { rateLimits, rateLimitZones } from './rate-limits.ts';
import { PROBLEM_PATH, responses, responseVariables } from './responses.ts';
import { plainServer, terminatesTls, tlsListener } from './tls.ts';
import { traceContext } from './trace-context.ts';
import { proxying, upstream } from './upstream.ts';

/** nginx.conf of the gateway: 8080 and 8443 for clients, 8081 for probes and metrics. */
export const nginxConf = oncePer((cluster: AuthCluster): string =>
  [
    main(),
    block('events', ['worker_connections 4096;']),
    block('http', [
      ...httpDefaults(),
      ...accessLog(),
      ...counting(),
      ...clientAddress(cluster),
      ...responseVariables(),
      askedByEnvoyVariable(),
      ...traceContext(cluster),
      ...rateLimitZones(cluster),
      ...cacheZone(),
      ...upstream(cluster),
      clientServer(cluster),
      ...(terminatesTls(cluster) ? [plainServer(cluster)] : []),
      operationsServer(),
    ]),
    '',
  ].join('\n'),
);

function main(): string {
  return [
    'load_module /usr/lib/nginx/modules/ngx_http_js_module.so;',
    // Fixed, because nginx would start one for each CPU of the node, whatever the pod's share of them.
    'worker_processes 2;',
    'worker_rlimit_nofile 16384;',
    // Maps and locations hold each request to several expressions. Where a node forbids it, nginx says so and goes on without.
    'pcre_jit on;',
    'pid /tmp/nginx.pid;',
    'error_log /dev/stderr warn;',
    // Requests under way may finish; kept-alive connections without one are closed.
    'worker_shutdown_timeout 20s;',
    '',
  ].join('\n');
}

function httpDefaults(): string[] {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path /tmp/${kind};`,
  );
  return [
    'default_type application/octet-stream;',
    ...temporary,
    'server_tokens off;',
    'sendfile on;',
    'tcp_nodelay on;',
    'keepalive_timeout 65s;',
    'keepalive_requests 10000;',
    'client_header_timeout 10s;',
    'client_body_timeout 10s;',
    'send_timeout 10s;',
    'client_max_body_size 1m;',
    'client_body_buffer_size 64k;',
    'large_client_header_buffers 4 16k;',
    'reset_timedout_connection on;',
  ];
}

function clientServer(cluster: AuthCluster): string {
  const limits = rateLimits(cluster);
  return block('server', [
    ...(terminatesTls(cluster) ? tlsListener(cluster) : clientListeners(cluster, PORTS.gateway)),
    'server_name _;',
    ...responses(),
    ...proxying(),
    askedByEnvoy(),
    // For load balancers, which must not be refused for asking often.
    block('location = /health', ['access_log off;', 'proxy_pass http://auth_api;']),
    ...cachedLocations(limits),
    importLocation(limits),
    block('location /', [...limits, 'proxy_pass http://auth_api;']),
  ]);
}

/**
 * Envoy asks with the path of its client's request behind /verify/. Resolved, `/verify/..%2fopenapi.json` would be a public
 * document, and its 200 would let the request in: so what is behind is dropped, before a location is looked for.
 */
function askedByEnvoy(): string {
  return block('if ($behind_verify)', ['rewrite ^ /verify/ last;']);
}

/** Not on the way to an answer that nginx gives by itself. */
function askedByEnvoyVariable(): string {
  return block('map "$request_uri $uri" $behind_verify', ['default "";', `"~^/verify/\\S* (?!${PROBLEM_PATH})" 1;`]);
}
