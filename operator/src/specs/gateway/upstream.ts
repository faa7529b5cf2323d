import type { AuthCluster } from '../../api/authcluster.ts';
import { names, PORTS } from '../names.ts';
import { serviceHost } from '../services.ts';
import { block } from './blocks.ts';

export function apiHost(cluster: AuthCluster): string {
  return serviceHost(cluster, names(cluster).api);
}

/** The auth API's Service: one address, that stands for all of its pods. */
export function upstream(cluster: AuthCluster): string[] {
  const server = `server ${apiHost(cluster)}:${PORTS.authApi} max_fails=0;`;
  return [
    block('upstream auth_api', [
      // Twice, since nginx tries each once: the second time, the connection may lead to another pod.
      server,
      server,
      'keepalive 64;',
      'keepalive_requests 10000;',
      // A connection stays with the pod it was opened to: soon after a rollout has moved the traffic, none is left, and
      // an idle one was closed here before the auth API would close it (auth-api/src/http/server.ts).
      'keepalive_time 3s;',
      'keepalive_timeout 2s;',
    ]),
  ];
}

/** For a server. */
export function proxying(): string[] {
  return [
    'proxy_http_version 1.1;',
    'proxy_set_header Connection "";',
    'proxy_set_header Host $http_host;',
    'proxy_set_header X-Request-Id $traced_request_id;',
    'proxy_set_header traceparent $traceparent;',
    'proxy_set_header tracestate $tracestate;',
    // The one address that was verified, not what the client claims.
    'proxy_set_header X-Forwarded-For $remote_addr;',
    'proxy_set_header X-Forwarded-Proto $client_scheme;',
    'proxy_set_header X-Forwarded-Host $http_host;',
    'proxy_connect_timeout 2s;',
    'proxy_send_timeout 10s;',
    // Longer than the database may pause for a planned switchover.
    'proxy_read_timeout 30s;',
    // What does not fit into memory waits for its client instead of filling the pod's disk.
    'proxy_max_temp_file_size 0;',
    // A connection that breaks: tried again, unless the request was sent and is not idempotent (POST, PATCH, LOCK).
    'proxy_next_upstream error timeout;',
    'proxy_next_upstream_tries 2;',
    'proxy_next_upstream_timeout 5s;',
  ];
}
