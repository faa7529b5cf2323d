import { type Dashboard, quantile, rate } from './dashboard.ts';

/** The database, the poolers before it, and the pools of the auth API before those. */
export const POSTGRES: Dashboard = {
  slug: 'postgres',
  title: 'PostgreSQL and pools',
  panels: (scope) => {
    const database = `${scope},datname="auth"`;
    const byPod = (expr: string) => `sum by (pod) (${expr})`;
    return [
      {
        title: 'Transactions',
        unit: 'ops',
        queries: [
          ['{{pod}} committed', byPod(rate('pg_stat_database_xact_commit', database))],
          ['{{pod}} rolled back', byPod(rate('pg_stat_database_xact_rollback', database))],
        ],
      },
      {
        title: 'Replication lag',
        unit: 's',
        queries: [['{{pod}}', `max by (pod) (pg_replication_lag_seconds{${scope}})`]],
      },
      {
        // One that is cut off has replayed all that it got, and shows no lag.
        title: 'Replicas that run, and that get the log from the primary',
        unit: 'short',
        queries: [
          ['run', `sum(pg_replication_is_replica{${scope}})`],
          ['get the log', `count(pg_stat_replication_pg_wal_lsn_diff{${scope},state="streaming"}) or vector(0)`],
        ],
      },
      {
        title: 'Connections by state, and what there may be',
        unit: 'short',
        queries: [
          ['{{pod}} {{state}}', `sum by (pod, state) (pg_stat_activity_count{${scope}})`],
          ['{{pod}} limit', `max by (pod) (pg_settings_max_connections{${scope}})`],
        ],
      },
      {
        title: 'Blocks found in memory',
        unit: 'percentunit',
        queries: [
          [
            '{{pod}}',
            `${byPod(rate('pg_stat_database_blks_hit', database))} / (${byPod(rate('pg_stat_database_blks_hit', database))} + ${byPod(rate('pg_stat_database_blks_read', database))})`,
          ],
        ],
      },
      {
        title: 'Size of the database',
        unit: 'bytes',
        queries: [['{{pod}}', `max by (pod) (pg_database_size_bytes{${database}})`]],
      },
      {
        title: 'PgBouncer: connections to servers, and clients that wait',
        unit: 'short',
        queries: [
          ['{{component}} active', `sum by (component) (pgbouncer_pools_server_active_connections{${scope}})`],
          ['{{component}} idle', `sum by (component) (pgbouncer_pools_server_idle_connections{${scope}})`],
          ['{{component}} waiting', `sum by (component) (pgbouncer_pools_client_waiting_connections{${scope}})`],
        ],
      },
      {
        title: 'PgBouncer: time of a statement, mean',
        unit: 's',
        queries: [
          [
            '{{component}}',
            `sum by (component) (${rate('pgbouncer_stats_queries_duration_seconds_total', scope)}) / sum by (component) (${rate('pgbouncer_stats_queries_pooled_total', scope)})`,
          ],
        ],
      },
      {
        title: 'Time of a statement as the auth API sees it, p95',
        unit: 's',
        queries: [['{{pool}}', quantile(0.95, 'postgres_query_duration_seconds', scope, 'pool')]],
      },
      {
        title: 'Pools of the auth API',
        unit: 'short',
        queries: [
          ['write {{state}}', `sum by (state) (postgres_pool_primary{${scope}})`],
          ['read {{state}}', `sum by (state) (postgres_pool_replicas{${scope}})`],
        ],
      },
    ];
  },
};
