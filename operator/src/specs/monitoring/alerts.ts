import { alert, type RuleGroup, type Severity } from './rule.ts';
import { ANSWERED, BY_CLUSTER, type Scope, UNANSWERED } from './scope.ts';

const WHO = '{{ $labels.namespace }}/{{ $labels.authcluster }}';

/** What goes wrong before users notice, or tells why they do. */
export function alertGroups(scope: Scope): RuleGroup[] {
  return [
    { name: 'authcluster-auth-api', rules: apiAlerts(scope) },
    { name: 'authcluster-data-tiers', rules: dataAlerts(scope) },
    { name: 'authcluster-ages', rules: ageAlerts(scope) },
  ];
}

function apiAlerts(scope: Scope) {
  const counted = (which: string) => `sum ${BY_CLUSTER} (rate(cache_operations_total{${scope},${which}}[15m]))`;
  const lookups = `(${counted(ANSWERED)} + ${counted(UNANSWERED)})`;
  const logins = (selector: string) => `sum ${BY_CLUSTER} (rate(auth_requests_total{${scope}${selector}}[5m]))`;
  return [
    alert('AuthClusterHashQueueFull', {
      // Those turned away for want of connections, or of time of the event loop, are other types, with other remedies.
      expr: `${logins(',error_type="overloaded"')} / (${logins('')} > 0) > 0.01`,
      for: '5m',
      severity: 'critical',
      summary: `${WHO}: {{ $value | humanizePercentage }} of log-ins are turned away, since too many wait to be hashed`,
    }),
    // Users do not notice that a replica or Redis is not asked.
    openBreakers(`${scope},dependency="primary"`, 'critical'),
    openBreakers(`${scope},dependency!="primary"`, 'warning'),
    alert('AuthClusterCacheHitRatioLow', {
      // Below ten lookups a second the database does not notice.
      expr: `${counted(ANSWERED)} / ${lookups} < 0.9 and ${lookups} > 10`,
      for: '30m',
      severity: 'warning',
      summary: `${WHO}: caches answer only {{ $value | humanizePercentage }} of lookups`,
    }),
  ];
}

function openBreakers(selector: string, severity: Severity) {
  return alert('AuthClusterBreakerOpen', {
    // Every half minute it is half-open for a while, until the trial calls to who does not answer have timed out.
    expr: `max by (namespace, authcluster, dependency) (max_over_time(circuit_breaker_state{${selector},state="open"}[1m])) > 0`,
    for: '2m',
    severity,
    summary: `${WHO}: a pod of the auth API has given up on {{ $labels.dependency }} for now`,
  });
}

function dataAlerts(scope: Scope) {
  const replicas = `sum ${BY_CLUSTER} (pg_replication_is_replica{${scope}})`;
  const streaming = `count ${BY_CLUSTER} (pg_stat_replication_pg_wal_lsn_diff{${scope},state="streaming"})`;
  const byPod = 'by (namespace, authcluster, pod)';
  return [
    alert('AuthClusterReplicationLag', {
      expr: `max ${BY_CLUSTER} (pg_replication_lag_seconds{${scope}} and (pg_replication_is_replica{${scope}} == 1)) > 10`,
      for: '5m',
      severity: 'warning',
      summary: `${WHO}: a PostgreSQL replica is {{ $value | humanizeDuration }} behind`,
    }),
    alert('AuthClusterReplicationLag', {
      // One that is cut off has replayed all that it got, and so takes itself for up to date: the primary knows better.
      expr: `${replicas} - (${streaming} or 0 * ${replicas}) > 0`,
      for: '5m',
      severity: 'warning',
      labels: { cause: 'disconnected' },
      summary: `${WHO}: {{ $value }} PostgreSQL replicas get nothing from the primary`,
    }),
    alert('AuthClusterConnectionsExhausted', {
      // A pod that has just come back has, for a moment, series of both its addresses.
      expr: `max ${BY_CLUSTER} (sum ${byPod} (pg_stat_activity_count{${scope}}) / max ${byPod} (pg_settings_max_connections{${scope}})) > 0.9`,
      for: '5m',
      severity: 'critical',
      summary: `${WHO}: {{ $value | humanizePercentage }} of PostgreSQL's connections are taken`,
    }),
    alert('AuthClusterPoolerQueue', {
      expr: `max by (namespace, authcluster, component) (pgbouncer_pools_client_maxwait_seconds{${scope}}) > 1`,
      for: '2m',
      severity: 'critical',
      summary: `${WHO}: a request has waited {{ $value | humanizeDuration }} for a connection of {{ $labels.component }}`,
    }),
    alert('AuthClusterServerDown', {
      // Where nobody answers a scrape, as on a node that is lost, there is nothing but Prometheus' own `up`.
      expr: ['pg_up', 'pgbouncer_up', 'redis_up', 'up'].map((up) => `${up}{${scope}} == 0`).join(' or '),
      for: '5m',
      severity: 'warning',
      summary: `${WHO}: {{ $labels.pod }} does not answer`,
    }),
  ];
}

const DAY_SECONDS = 86_400;

function ageAlerts(scope: Scope) {
  return [
    alert('AuthClusterCertificateExpires', {
      expr: `min ${BY_CLUSTER} (gateway_certificate_expiry_timestamp_seconds{${scope}}) - time() < 14 * ${DAY_SECONDS}`,
      for: '1h',
      severity: 'warning',
      summary: `${WHO}: the certificate of the gateway expires in {{ $value | humanizeDuration }}`,
    }),
    alert('AuthClusterSigningKeyOld', {
      expr: `time() - min ${BY_CLUSTER} (auth_signing_key_created_timestamp_seconds{${scope},status="active"}) > 400 * ${DAY_SECONDS}`,
      for: '1h',
      severity: 'warning',
      summary: `${WHO}: tokens are signed with a key that is {{ $value | humanizeDuration }} old`,
    }),
    alert('AuthClusterSweeperFailing', {
      // All but one pod are at 0: it is not their turn. Just after all have started, every one is.
      expr: `time() - max ${BY_CLUSTER} (sweeper_last_success_timestamp_seconds{${scope}}) > 1800`,
      for: '15m',
      severity: 'warning',
      summary: `${WHO}: what has expired has not been deleted for half an hour or longer`,
    }),
  ];
}
