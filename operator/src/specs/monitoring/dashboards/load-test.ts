import { ANSWERED, UNANSWERED } from '../scope.ts';
import { type Dashboard, quantile, rate } from './dashboard.ts';

/** What to look at while load is on: how much, how fast, what is refused, and which tier is at its limit. */
export const LOAD_TEST: Dashboard = {
  slug: 'load-test',
  title: 'Load test',
  panels: (scope) => [
    {
      title: 'Requests',
      unit: 'reqps',
      queries: [['{{operation}}', `sum by (operation) (${rate('http_requests_total', scope)})`]],
    },
    {
      title: 'Durations of all requests',
      unit: 's',
      queries: [0.5, 0.95, 0.99].map((share): [string, string] => [
        `p${share * 100}`,
        quantile(share, 'auth_duration_seconds', scope),
      ]),
    },
    {
      title: 'Errors and refusals',
      unit: 'reqps',
      queries: [['{{code}}', `sum by (code) (${rate('http_requests_total', `${scope},code=~"429|5.."`)})`]],
    },
    {
      title: 'Pods of the auth API',
      unit: 'short',
      queries: [['pods', `count(process_start_time_seconds{${scope},component="auth-api"})`]],
    },
    {
      title: 'CPU of the auth API, cores',
      unit: 'short',
      queries: [['cores', `sum(${rate('process_cpu_seconds_total', `${scope},component="auth-api"`)})`]],
    },
    {
      title: 'Hashing: busy threads, of all',
      unit: 'percentunit',
      queries: [
        ['busy', `sum(password_hashing{${scope},state="busy"}) / sum(password_hashing{${scope},state="workers"})`],
      ],
    },
    {
      title: 'Waiting for a connection, longest',
      unit: 's',
      queries: [['{{component}}', `max by (component) (pgbouncer_pools_client_maxwait_seconds{${scope}})`]],
    },
    {
      title: 'Cache hits',
      unit: 'percentunit',
      queries: [
        ['hits', `${lookups(scope, ANSWERED)} / (${lookups(scope, ANSWERED)} + ${lookups(scope, UNANSWERED)})`],
      ],
    },
  ],
};

function lookups(scope: string, which: string): string {
  return `sum(${rate('cache_operations_total', `${scope},${which}`)})`;
}
