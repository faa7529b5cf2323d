import { type Dashboard, quantile, rate } from './dashboard.ts';

const LOOP = 'controller="authcluster"';
const QUEUE = 'name="authcluster"';

/** The operator, whichever AuthCluster it works on. */
export const OPERATOR: Dashboard = {
  slug: 'operator',
  title: 'Operator',
  panels: () => [
    {
      title: 'Reconciliations by result',
      unit: 'ops',
      queries: [['{{result}}', `sum by (result) (${rate('controller_runtime_reconcile_total', LOOP)})`]],
    },
    {
      title: 'Time of a reconciliation',
      unit: 's',
      queries: [0.5, 0.99].map((share): [string, string] => [
        `p${share * 100}`,
        quantile(share, 'controller_runtime_reconcile_time_seconds', LOOP),
      ]),
    },
    {
      title: 'Waiting for a worker',
      unit: 'short',
      queries: [['{{pod}}', `max by (pod) (workqueue_depth{${QUEUE}})`]],
    },
    {
      title: 'The longest that a worker has been at it',
      unit: 's',
      queries: [['{{pod}}', `max by (pod) (workqueue_longest_running_processor_seconds{${QUEUE}})`]],
    },
    {
      title: 'Writes to the API server',
      unit: 'ops',
      queries: [['{{verb}}', `sum by (verb) (${rate('authcluster_operator_writes_total', '')})`]],
    },
    {
      title: 'Watches that began again',
      unit: 'ops',
      queries: [['{{resource}}', `sum by (resource) (${rate('authcluster_operator_watch_failures_total', '')})`]],
    },
    {
      title: 'Who leads',
      unit: 'short',
      queries: [['{{pod}}', 'max by (pod) (leader_election_master_status{name="authcluster-operator"})']],
    },
  ],
};
