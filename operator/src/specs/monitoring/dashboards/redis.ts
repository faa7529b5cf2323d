import { type Dashboard, rate } from './dashboard.ts';

export const REDIS: Dashboard = {
  slug: 'redis',
  title: 'Redis',
  panels: (scope) => {
    const byPod = (expr: string) => `sum by (pod) (${expr})`;
    return [
      { title: 'Slots that are served', unit: 'short', queries: [['slots', `min(redis_cluster_slots_ok{${scope}})`]] },
      {
        title: 'Memory, of what there may be',
        unit: 'percentunit',
        queries: [['{{pod}}', `redis_memory_used_bytes{${scope}} / redis_memory_max_bytes{${scope}}`]],
      },
      {
        title: 'Commands',
        unit: 'ops',
        queries: [['{{pod}}', byPod(rate('redis_commands_processed_total', scope))]],
      },
      {
        title: 'Time of a command, mean',
        unit: 's',
        queries: [
          [
            '{{cmd}}',
            `sum by (cmd) (${rate('redis_commands_duration_seconds_total', scope)}) / sum by (cmd) (${rate('redis_commands_total', scope)})`,
          ],
        ],
      },
      {
        title: 'Keys found',
        unit: 'percentunit',
        queries: [
          [
            '{{pod}}',
            `${byPod(rate('redis_keyspace_hits_total', scope))} / (${byPod(rate('redis_keyspace_hits_total', scope))} + ${byPod(rate('redis_keyspace_misses_total', scope))})`,
          ],
        ],
      },
      { title: 'Keys evicted', unit: 'ops', queries: [['{{pod}}', byPod(rate('redis_evicted_keys_total', scope))]] },
      { title: 'Clients', unit: 'short', queries: [['{{pod}}', byPod(`redis_connected_clients{${scope}}`)]] },
    ];
  },
};
