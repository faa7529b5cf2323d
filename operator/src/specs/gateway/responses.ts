import { block } from './blocks.ts';

interface Problem {
  status: number;
  title: string;
  detail?: string;
  retryAfterSeconds?: number;
  /** Of requests whose path may be none: nginx leads such to another path alone, not to a named location, where it fails (500). */
  pathless?: true;
}

/** Where answers are to requests that may have no path. */
export const PROBLEM_PATH = '/.problem/';

/** Answers that nginx itself gives, as problem details (RFC 9457). */
const PROBLEMS: readonly Problem[] = [
  { status: 400, title: 'Bad Request', pathless: true },
  { status: 403, title: 'Forbidden', detail: 'this address is for https' },
  { status: 404, title: 'Not Found' },
  { status: 413, title: 'Content Too Large' },
  { status: 414, title: 'URI Too Long', pathless: true },
  { status: 429, title: 'Too Many Requests', retryAfterSeconds: 1 },
  { status: 500, title: 'Internal Server Error' },
  { status: 502, title: 'Bad Gateway', retryAfterSeconds: 1 },
  { status: 503, title: 'Service Unavailable', retryAfterSeconds: 1 },
  { status: 504, title: 'Gateway Timeout', retryAfterSeconds: 1 },
];

/** Of every answer, whoever gives it. Empty ones are left out by nginx. */
const HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': '$content_security_policy',
  'Strict-Transport-Security': '$strict_transport_security',
  'X-Request-Id': '$traced_request_id',
  Connection: '$connection_option',
};

/** There while the pod drains: see `gateway drain` of the image. */
const DRAINING_FILE = '/tmp/draining';

/** Variables of the headers. */
export function responseVariables(): string[] {
  return [
    block('map $client_scheme $strict_transport_security', ['default "";', 'https "max-age=31536000";']),
    // A page may need more than nothing, and says so.
    block('map $upstream_http_content_security_policy $content_security_policy', [
      'default $upstream_http_content_security_policy;',
      `"" "default-src 'none'; frame-ancestors 'none'";`,
    ]),
    // While the pod drains, clients let go of their connections by themselves: closed by nginx, one may be closed just as a
    // request comes on it. HTTP/2 forbids the field, and tells clients by a frame of its own.
    block('map "$draining:$server_protocol" $connection_option', ['default "";', '"~^1:HTTP/1" close;']),
    // A caller's own request id is kept where it is harmless to log.
    block('map $http_x_request_id $traced_request_id', [
      'default $request_id;',
      '"~^[A-Za-z0-9._-]{8,128}$" $http_x_request_id;',
    ]),
  ];
}

/** For a server: its headers in place of the API's, and its problems. */
export function responses(): string[] {
  return [
    'set $draining 0;',
    block(`if (-f ${DRAINING_FILE})`, ['set $draining 1;']),
    ...headers(),
    ...Object.keys(HEADERS).map((name) => `proxy_hide_header ${name};`),
    ...PROBLEMS.flatMap(problem),
  ];
}

function headers(): string[] {
  return Object.entries(HEADERS).map(([name, value]) => `add_header ${name} "${value}" always;`);
}

/** Only for answers of nginx itself; those of the API pass as they are. */
function problem({ status, title, detail, retryAfterSeconds, pathless }: Problem): string[] {
  const body = JSON.stringify({ type: 'about:blank', title, status, ...(detail === undefined ? {} : { detail }) });
  const place = pathless ? `${PROBLEM_PATH}${status}` : `@problem_${status}`;
  return [
    `error_page ${status} ${place};`,
    block(pathless ? `location = ${place}` : `location ${place}`, [
      'internal;',
      'default_type application/problem+json;',
      // A location with headers of its own inherits none.
      ...headers(),
      'add_header Cache-Control "no-store" always;',
      ...(retryAfterSeconds === undefined ? [] : [`add_header Retry-After "${retryAfterSeconds}" always;`]),
      `return ${status} '${body}';`,
    ]),
  ];
}
