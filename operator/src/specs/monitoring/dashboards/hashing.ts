import { type Dashboard, quantile, rate } from './dashboard.ts';

const TURNED_AWAY = 'error_type=~"overloaded|connections_short|event_loop_late"';

/** What logging in costs, and whether the threads that do it leave the main thread room. */
export const HASHING: Dashboard = {
  slug: 'hashing',
  title: 'Hashing and event loop',
  panels: (scope) => {
    const api = `${scope},component="auth-api"`;
    return [
      {
        title: 'Threads and queue',
        unit: 'short',
        queries: [['{{state}}', `sum by (state) (password_hashing{${scope},state=~"workers|busy|queued"})`]],
      },
      {
        title: 'Waiting and hashing, p95',
        unit: 's',
        queries: [['{{kind}} {{phase}}', quantile(0.95, 'password_hashing_seconds', scope, 'kind', 'phase')]],
      },
      {
        title: 'Log-ins turned away: queue full, connections short, event loop late',
        unit: 'reqps',
        queries: [
          ['{{error_type}}', `sum by (error_type) (${rate('auth_requests_total', `${scope},${TURNED_AWAY}`)})`],
        ],
      },
      {
        // Of a timer that is to fire each 10 ms the time between two is told, so that no pod is ever below.
        title: 'Lag of the event loop, p99 (0.01 s and a little more when idle)',
        unit: 's',
        queries: [['{{pod}}', `max by (pod) (nodejs_eventloop_lag_p99_seconds{${api}})`]],
      },
      {
        title: 'CPU, cores',
        unit: 'short',
        queries: [['{{pod}}', `sum by (pod) (${rate('process_cpu_seconds_total', api)})`]],
      },
      {
        title: 'Memory',
        unit: 'bytes',
        queries: [
          ['{{pod}} resident', `max by (pod) (process_resident_memory_bytes{${api}})`],
          ['{{pod}} heap', `max by (pod) (nodejs_heap_size_used_bytes{${api}})`],
        ],
      },
    ];
  },
};
