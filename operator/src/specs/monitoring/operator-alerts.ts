import { STUCK_AFTER_SECONDS } from '../../controller/reports.ts';
import { alert, type RuleGroup } from './rule.ts';

const LOOP = 'name="authcluster"';
const LEADER = 'max(leader_election_master_status{name="authcluster-operator"})';
const condition = (selector: string) => `max by (namespace, name) (authcluster_condition{${selector}})`;
const reconciled = (selector: string) =>
  `sum(rate(controller_runtime_reconcile_total{controller="authcluster"${selector}}[15m]))`;

/** About the operator itself, which is there once for all AuthClusters, and what it alone tells of them. */
export const OPERATOR_GROUP: RuleGroup = {
  name: 'authcluster-operator',
  rules: [
    alert('AuthClusterOperatorStuck', {
      // Sooner than /healthz gives up: the restart sets the metric back, and nobody would be told.
      expr: `max(workqueue_longest_running_processor_seconds{${LOOP}}) > ${STUCK_AFTER_SECONDS / 2}`,
      for: '1m',
      severity: 'warning',
      summary: 'the operator has been at one AuthCluster for {{ $value | humanizeDuration }}',
    }),
    alert('AuthClusterOperatorAbsent', {
      expr: `${LEADER} < 1 or max(absent(leader_election_master_status{name="authcluster-operator"}))`,
      for: '5m',
      severity: 'warning',
      summary: 'no operator leads: nothing is repaired or changed',
    }),
    alert('AuthClusterOperatorFailing', {
      expr: `${reconciled(',result="error"')} / (${reconciled('')} > 0) > 0.5`,
      for: '15m',
      severity: 'warning',
      summary: '{{ $value | humanizePercentage }} of what the operator does ends with an error',
    }),
    alert('AuthClusterGatewayDown', {
      // Objectives count what the gateway answers, which is nothing then. Without a gateway there is no such condition.
      expr: `${condition('type="GatewayReady",status="false"')} == 1 and on (namespace, name) ${condition('type="ApiReady",status="true"')} == 1`,
      for: '2m',
      severity: 'critical',
      summary:
        '{{ $labels.namespace }}/{{ $labels.name }}: no pod of the gateway is ready, and the auth API is not reached',
    }),
    alert('AuthClusterNotReady', {
      // What was put to sleep, or paused at rest, is not ready on purpose: nothing is under way, and nothing wrong. A rollout
      // is watched for as long as its owner said.
      expr: `(${condition('type="Ready",status="true"')} == 0 and on (namespace, name) ${condition('type=~"Progressing|Degraded",status="true"')} == 1) unless on (namespace, name) max by (namespace, name) (authcluster_baking{}) == 1`,
      for: '15m',
      severity: 'warning',
      summary: '{{ $labels.namespace }}/{{ $labels.name }} has not been Ready for 15 minutes',
    }),
  ],
};
