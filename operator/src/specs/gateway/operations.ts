import { PORTS } from '../names.ts';
import { block } from './blocks.ts';

/** One JSON object a request: no query, no header but two ids, and so no secret. */
export function accessLog(): string[] {
  return [
    'log_format json escape=json \'{"time":"$time_iso8601","client":"$remote_addr","method":"$request_method",\'',
    '  \'"path":"$uri","route":"$route","status":$status,"bytes":$bytes_sent,"seconds":$request_time,\'',
    '  \'"upstream_seconds":"$upstream_response_time","cache":"$upstream_cache_status",\'',
    '  \'"limit":"$limit_req_status","request_id":"$traced_request_id","trace_id":"$trace_id","weight":$weight}\';',
  ];
}

/**
 * metrics.js is in the image. Counting is what finds out whether to log, since it has to be done at the same time. It costs
 * as much as all the rest that nginx does for a request, so of quick, good checks over a connection that has brought some
 * already, one in sixteen is counted and logged, for sixteen. The draw is nginx's own, not of what a client sends.
 */
export function counting(): string[] {
  return [
    'js_import metrics from /etc/nginx/metrics.js;',
    'js_shared_dict_zone zone=counters:1m type=number;',
    block('split_clients $request_id $drawn', ['6.25% 16;', '* 0;']),
    block('map "$route $status $request_time $connection_requests" $weight', [
      'default 1;',
      '"~^verify 200 0[.]0[0-4][0-9] [0-9][0-9]" $drawn;',
    ]),
    'js_set $logged metrics.count;',
    block('map $weight $counted', ['0 "";', 'default $logged;']),
    'access_log /dev/stdout json if=$counted;',
  ];
}

/** Not in the Service: reached by the kubelet and by scrapers, pod by pod. */
export function operationsServer(): string {
  return block('server', [
    `listen ${PORTS.gatewayOps};`,
    `listen [::]:${PORTS.gatewayOps};`,
    'access_log off;',
    block('location = /healthz', ['default_type text/plain;', "return 200 'ok';"]),
    block('location = /metrics', ['js_content metrics.show;']),
    block('location = /stub_status', ['internal;', 'stub_status;']),
    block('location /', ['return 404;']),
  ]);
}
