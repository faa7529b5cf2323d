import type { AuthCluster } from '../../api/authcluster.ts';
import { block } from './blocks.ts';

/** W3C Trace Context, version 00 or one to come. */
const TRACEPARENT = '~^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}';

/** A check is many times as cheap as its span, and there are many: as few are recorded as have a line in the API's log. */
const CHECKS_PER_TRACE = 100;

/**
 * Variables: `$traceparent` and `$tracestate` for the API, and `$trace_id` for the log. A client's trace passes as it is.
 * Where the API is traced, others begin here: what the API does is then below the id that this log has, and the share
 * that is recorded is decided here, once for all that follows.
 */
export function traceContext(cluster: AuthCluster): string[] {
  const { tracing } = cluster.spec.api;
  return [
    ...(tracing === undefined ? [passed()] : begun(tracing.samplingRatio)),
    block('map $http_traceparent $tracestate', ['default "";', `"${TRACEPARENT}" $http_tracestate;`]),
    block('map $traceparent $trace_id', ['default "";', '"~^[0-9a-f]{2}-(?<trace>[0-9a-f]{32})-" $trace;']),
  ];
}

function passed(): string {
  return block('map $http_traceparent $traceparent', ['default $http_traceparent;']);
}

/** Trace and span take their ids from nginx's own random one. */
function begun(samplingRatio: number): string[] {
  return [
    block('map $request_id $begun_span_id', ['default "";', '"~^(?<half>[0-9a-f]{16})" $half;']),
    block('split_clients $request_id $begun_flags_of_checks', [
      ...sampledShare(samplingRatio / CHECKS_PER_TRACE),
      '* 00;',
    ]),
    block('split_clients $request_id $begun_flags_of_others', [...sampledShare(samplingRatio), '* 00;']),
    block('map $route $begun_flags', ['default $begun_flags_of_others;', 'verify $begun_flags_of_checks;']),
    block('map $http_traceparent $traceparent', [
      'default 00-$request_id-$begun_span_id-$begun_flags;',
      `"${TRACEPARENT}" $http_traceparent;`,
    ]),
  ];
}

/** nginx counts in hundredths of a percent, and takes no share of nothing. */
function sampledShare(ratio: number): string[] {
  const hundredths = ratio === 0 ? 0 : Math.max(1, Math.round(ratio * 10_000));
  return hundredths === 0 ? [] : [`${hundredths / 100}% 01;`];
}
