import type { AuthCluster } from '../../api/authcluster.ts';
import type { GatewaySpec } from '../../api/generated/authcluster.ts';
import { block } from './blocks.ts';
import { isAmong } from './client-address.ts';

export type RouteClass = keyof GatewaySpec['rateLimits'];

/**
 * What a request is for, by method and path. As lenient as the API, which takes either case and a slash at the end: a
 * spelling that the API takes must not fall into a class with a higher limit.
 */
const ROUTES: readonly { pattern: string; route: RouteClass }[] = [
  // Whatever takes a password or a code; steps of a log-in lie below it.
  { pattern: '^POST:/v1/(login|step-up)(/|$)', route: 'login' },
  { pattern: '^POST:/v1/refresh/?$', route: 'refresh' },
  { pattern: '^POST:/v1/users/?$', route: 'register' },
  // Asked without credentials, or to have mail sent: a client does either as seldom as it registers.
  { pattern: '^POST:/v1/(password-reset|me/email/verification)(/|$)', route: 'register' },
  // Envoy asks with the path and the method of the original request.
  { pattern: '^[A-Z]+:/verify(/|$)', route: 'verify' },
  { pattern: '^POST:/(v1/authorize|oauth/introspect)/?$', route: 'verify' },
];

/** In the order of the fields' reference. images/gateway/metrics.js knows them, too. */
export const CLASSES: readonly RouteClass[] = ['login', 'refresh', 'register', 'verify', 'other'];

/** Holds some 80,000 networks; where there are more, those not seen for the longest time are forgotten. */
const ZONE_SIZE = '10m';

/** A zone for each class, and for each the key that limits: empty, and so without a limit, in all classes but one. */
export function rateLimitZones(cluster: AuthCluster): string[] {
  const { rateLimits, forwardAuthCallers = [] } = cluster.spec.gateway;
  return [
    block('map "$request_method:$uri" $route', [
      'default other;',
      ...ROUTES.map(({ pattern, route }) => `"~*${pattern}" ${route};`),
    ]),
    isAmong('$realip_remote_addr', forwardAuthCallers, '$connected_from_caller'),
    isAmong('$remote_addr', forwardAuthCallers, '$sent_by_caller'),
    // A proxy that asks about each of its users' requests is no client with a great many requests.
    block('map "$route:$connected_from_caller$sent_by_caller" $limited_route', [
      'default $route;',
      '"~^verify:.*1" "";',
    ]),
    ...CLASSES.flatMap((route) => [
      block(`map $limited_route $${route}_network`, ['default "";', `${route} $client_network;`]),
      `limit_req_zone $${route}_network zone=${route}:${ZONE_SIZE} rate=${rateLimits[route].requestsPerSecond}r/s;`,
    ]),
    'limit_req_status 429;',
    'limit_req_log_level info;',
  ];
}

/** For a location whose requests are limited. */
export function rateLimits(cluster: AuthCluster): string[] {
  const limits = cluster.spec.gateway.rateLimits;
  return CLASSES.map((route) => `limit_req zone=${route} burst=${limits[route].burst} nodelay;`);
}
