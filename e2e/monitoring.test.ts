import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { OPERATOR_NAMESPACE, RELEASE } from '../dev/kubernetes/operator-release.ts';
import { deletePod, type Pod, podsOf, startBashPod } from './support/bash-pod.ts';
import { kubectl, NAME, NAMESPACE, readyAuthCluster, SCRAPER_LABELS } from './support/cluster.ts';
import { clusterTest, withDiagnosis } from './support/cluster-test.ts';
import { eventually } from './support/eventually.ts';
import { queriedMetrics, shownMetrics } from './support/queried-metrics.ts';

const SCRAPER = 'scraper';
const OPERATOR_METRICS_PORT = 8080;
/** operator/edge/configuration.test.ts sees to it. */
const ONLY_WITH_TLS = ['gateway_certificate_expiry_timestamp_seconds'];
/** By component: the exporter's port, what it shows once it has been let in, and what tells that it knows the server. */
const EXPORTERS: readonly [component: string, port: number, ...shown: RegExp[]][] = [
  [
    'postgres',
    9187,
    /^pg_up 1$/m,
    /^pg_stat_database_xact_commit\{datid="\d+",datname="auth"\} /m,
    /^pg_settings_max_connections/m,
  ],
  [
    'pooler-rw',
    9127,
    /^pgbouncer_up 1$/m,
    /^pgbouncer_pools_server_active_connections\{database="auth",user="auth_app"\} /m,
  ],
  ['pooler-ro', 9127, /^pgbouncer_up 1$/m],
  ['redis', 9121, /^redis_up 1$/m, /^redis_cluster_state 1$/m, /^redis_memory_max_bytes [1-9]/m],
];

beforeAll(
  () =>
    withDiagnosis(async () => {
      await readyAuthCluster();
      await startBashPod(SCRAPER, SCRAPER_LABELS);
    }),
  600_000,
);
afterAll(() => deletePod(SCRAPER));

/** What a pod shows a scraper; bash's own way to ask, since no tool for it is in the image. */
async function metricsAt(address: string | undefined, port: number): Promise<string> {
  const ask = `exec 3<>/dev/tcp/${address}/${port} && printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3`;
  return kubectl.run(['exec', '-n', NAMESPACE, SCRAPER, '--', 'timeout', '20', 'bash', '-c', ask]);
}

/** The kinds of the Prometheus Operator, without what they hold: enough to see that they are taken up. */
const KINDS: readonly [kind: string, plural: string][] = [
  ['PodMonitor', 'podmonitors'],
  ['PrometheusRule', 'prometheusrules'],
];

function definitionOf([kind, plural]: (typeof KINDS)[number]): object {
  const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.monitoring.coreos.com` },
    spec: {
      group: 'monitoring.coreos.com',
      scope: 'Namespaced',
      names: { kind, plural },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  };
}

const DEFINITIONS = KINDS.map(([, plural]) => `${plural}.monitoring.coreos.com`);

describe('the Prometheus Operator', () => {
  // In a cluster that has it, its kinds are not ours to make or to delete.
  let brought = false;

  afterAll(async () => {
    if (brought) await kubectl.run(['delete', 'crd', ...DEFINITIONS, '--ignore-not-found', '--timeout=60s']);
  });

  clusterTest('is noticed, though it be installed later', async () => {
    const there = await kubectl.run(['get', 'crd', ...DEFINITIONS, '--ignore-not-found', '-o', 'name']);
    brought = there.trim() === '';
    if (brought) for (const kind of KINDS) await kubectl.apply(JSON.stringify(definitionOf(kind)));
    await eventually(async () => {
      for (const [kind, plural] of KINDS) {
        const found = await kubectl.find(NAMESPACE, `${plural}.monitoring.coreos.com`, NAME);
        expect(found).toMatchObject({ kind, metadata: { labels: { 'app.kubernetes.io/instance': NAME } } });
      }
    }, 180);
  });
});

describe('exporters', () => {
  for (const [component, port, ...shown] of EXPORTERS) {
    clusterTest(`beside ${component} show declared scrapers what the server says`, async () => {
      const [pod] = await podsOf(component);
      await eventually(async () => {
        const text = await metricsAt(pod?.status.podIP, port);
        for (const each of shown) expect(text).toMatch(each);
      }, 120);
    });
  }

  clusterTest('log in as a role that reads statistics and no row', async () => {
    const primary = (await podsOf('postgres')).find(
      ({ metadata }) => metadata.labels?.['authcluster.dev/role'] === 'primary',
    );
    const privileges = `select has_any_column_privilege('auth_monitoring', 'auth.users', 'select'),
      pg_has_role('auth_monitoring', 'pg_monitor', 'usage'), rolsuper from pg_roles where rolname = 'auth_monitoring'`;
    const pod = ['exec', '-n', NAMESPACE, primary?.metadata.name ?? '', '-c', 'postgres', '--'];
    const answer = await kubectl.run([...pod, 'psql', '-XAt', '-d', 'auth', '-c', privileges]);
    expect(answer.trim()).toBe('f|t|f');
  });
});

describe('rules and dashboards', () => {
  clusterTest('ask for nothing but metrics that something here shows', async () => {
    const places = [
      ...EXPORTERS.map(([component, port]) => [component, port] as const),
      ['auth-api', 9090],
      ['gateway', 8081],
    ] as const;
    const shown = new Set<string>();
    for (const [component, port] of places) {
      const [pod] = await podsOf(component);
      for (const name of shownMetrics(await metricsAt(pod?.status.podIP, port))) shown.add(name);
    }
    const operators = await kubectl.list<Pod>(OPERATOR_NAMESPACE, 'pods', `app.kubernetes.io/name=${RELEASE}`);
    const operator = operators.find(({ status }) => status.phase === 'Running');
    for (const name of shownMetrics(await metricsAt(operator?.status.podIP, OPERATOR_METRICS_PORT))) shown.add(name);
    const missing = [...(await queriedMetrics())].filter((name) => !shown.has(name));
    expect(missing).toEqual(ONLY_WITH_TLS);
  });
});
