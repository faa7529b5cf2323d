import { allowedShares, recordedShare } from '../objectives.ts';
import { type Dashboard, quantile, rate } from './dashboard.ts';

/** Rate, errors and durations by route, what becomes of log-ins, sessions, and the objectives. */
export const OVERVIEW: Dashboard = {
  slug: 'overview',
  title: 'Overview',
  panels: (scope) => [
    {
      title: 'Requests by route (gateway)',
      unit: 'reqps',
      queries: [['{{route}}', `sum by (route) (${rate('gateway_requests_total', scope)})`]],
    },
    {
      title: 'Share of 5xx by route (gateway)',
      unit: 'percentunit',
      queries: [
        [
          '{{route}}',
          `sum by (route) (${rate('gateway_requests_total', `${scope},code=~"5.."`)}) / sum by (route) (${rate('gateway_requests_total', scope)})`,
        ],
      ],
    },
    {
      title: 'Durations by route, p95 (gateway)',
      unit: 's',
      queries: [['{{route}}', quantile(0.95, 'gateway_request_duration_seconds', scope, 'route')]],
    },
    {
      title: 'Requests by operation (auth API)',
      unit: 'reqps',
      queries: [['{{operation}}', `sum by (operation) (${rate('http_requests_total', scope)})`]],
    },
    {
      title: 'Durations by operation, p95 (auth API)',
      unit: 's',
      queries: [['{{operation}}', quantile(0.95, 'auth_duration_seconds', scope, 'operation')]],
    },
    {
      title: 'Log-ins by how they ended',
      unit: 'reqps',
      queries: [['{{status}} {{error_type}}', `sum by (status, error_type) (${rate('auth_requests_total', scope)})`]],
    },
    {
      title: 'Requests beyond a limit (gateway)',
      unit: 'reqps',
      queries: [['{{route}}', `sum by (route) (${rate('gateway_requests_total', `${scope},code="429"`)})`]],
    },
    { title: 'Active sessions', unit: 'short', queries: [['sessions', `max(active_sessions{${scope}})`]] },
    {
      title: `Bad requests within an hour, by objective (allowed: ${allowedShares()})`,
      unit: 'percentunit',
      queries: [['{{slo}}', `max by (slo) (${recordedShare('1h')}{${scope}})`]],
    },
  ],
};
