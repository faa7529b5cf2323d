import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { OPERATOR_NAMESPACE, RELEASE } from '../dev/kubernetes/operator-release.ts';
import { loggedInUser, logIn } from './support/auth-client.ts';
import { deletePod, type Pod, podsOf, startBashPod } from './support/bash-pod.ts';
import { kubectl, NAME, NAMESPACE, SCRAPER_LABELS } from './support/cluster.ts';
import { clusterTest, withDiagnosis } from './support/cluster-test.ts';
import { eventually } from './support/eventually.ts';
import { gatewayClient, SET_UP_TIMEOUT_MS } from './support/gateway-client.ts';
import { Prometheus, type Scraped } from './support/prometheus.ts';
import { panelQueries, queriedMetrics, shownMetrics } from './support/queried-metrics.ts';

const SCRAPER = 'scraper';
const OPERATOR_METRICS_PORT = 8080;
/** operator/edge/configuration.test.ts sees to it. */
const ONLY_WITH_TLS = ['gateway_certificate_expiry_timestamp_seconds'];
const OF_PROMETHEUS_ITSELF = ['up'];
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

const client = gatewayClient();
beforeAll(() => withDiagnosis(() => startBashPod(SCRAPER, SCRAPER_LABELS)), SET_UP_TIMEOUT_MS);
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
      await eventually(async () => {
        const [pod] = await podsOf(component);
        const text = await metricsAt(pod?.status.podIP, port);
        for (const each of shown) expect(text).toMatch(each);
      }, 120);
    });
  }

  clusterTest('tell which replicas stream from the primary', async () => {
    await eventually(async () => {
      const pods = await podsOf('postgres');
      const texts = await Promise.all(pods.map(({ status }) => metricsAt(status.podIP, 9187)));
      const streaming = /^pg_stat_replication_pg_wal_lsn_diff\{[^}]*state="streaming"[^}]*\} /gm;
      expect(texts.flatMap((text) => text.match(streaming) ?? [])).toHaveLength(pods.length - 1);
    }, 120);
  });

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
  let before: readonly Scraped[];
  let scraped: readonly Scraped[];
  let prometheus: Prometheus | undefined;

  beforeAll(
    () =>
      withDiagnosis(async () => {
        await useEverything();
        // Autoscalers may take a pod away, or have made one that does not listen yet.
        before = await eventually(everythingShown, 90);
        // What counts requests has grown then.
        await useEverything();
        scraped = await eventually(everythingShown, 90);
      }),
    SET_UP_TIMEOUT_MS,
  );
  afterAll(() => prometheus?.stop());

  clusterTest('ask for nothing but metrics that something here shows', async () => {
    const shown = new Set(scraped.flatMap(({ text }) => [...shownMetrics(text)]));
    const missing = [...(await queriedMetrics())].filter((name) => !shown.has(name));
    expect(missing.sort()).toEqual([...ONLY_WITH_TLS, ...OF_PROMETHEUS_ITSELF]);
  });

  clusterTest('find, by every query of a panel, what a Prometheus has scraped here', async () => {
    const found = await Prometheus.start(before);
    prometheus = found;
    found.show(scraped);
    const queries = await panelQueries();
    expect(queries.length).toBeGreaterThan(50);
    await eventually(async () => {
      const empty: string[] = [];
      for (const { title, expr } of queries) {
        if ((await found.series(filledIn(expr))) === 0) empty.push(title);
      }
      expect(empty.filter((title) => !ONLY_IN_TROUBLE.includes(title))).toEqual([]);
    }, 60);
  });
});

/** Panels in which there is nothing to see while all is well. */
const ONLY_IN_TROUBLE = ['Requests beyond a limit (gateway)', 'Breakers that are not closed'];

/** A query as Grafana would send it. */
function filledIn(expr: string): string {
  return expr.replaceAll('$namespace', NAMESPACE).replaceAll('$authcluster', NAME).replaceAll('$__rate_interval', '1m');
}

/** Series of what has not happened yet are not there. */
async function useEverything(): Promise<void> {
  const { credentials, tokens } = await loggedInUser(client);
  await client.login({ ...credentials, password: 'not the one that was chosen' });
  await client.me(tokens.access_token);
  await client.verify(tokens.access_token);
  await client.refresh(tokens.refresh_token);
  await client.logout(await logIn(client, credentials));
}

/** What every pod of the AuthCluster and of the operator shows, as a scraper sees it. */
async function everythingShown(): Promise<Scraped[]> {
  const places = [
    ...EXPORTERS.map(([component, port]) => [component, port] as const),
    ['auth-api', 9090],
    ['gateway', 8081],
  ];
  const scraped: Scraped[] = [];
  for (const [component, port] of places as [string, number][]) {
    for (const { metadata, status } of await podsOf(component)) {
      const labels = { namespace: NAMESPACE, authcluster: NAME, component, pod: metadata.name };
      scraped.push({ labels, text: body(await metricsAt(status.podIP, port)) });
    }
  }
  const operators = await kubectl.list<Pod>(OPERATOR_NAMESPACE, 'pods', `app.kubernetes.io/name=${RELEASE}`);
  for (const { metadata, status } of operators.filter(({ status }) => status.phase === 'Running')) {
    const labels = { namespace: OPERATOR_NAMESPACE, pod: metadata.name };
    scraped.push({ labels, text: body(await metricsAt(status.podIP, OPERATOR_METRICS_PORT)) });
  }
  return scraped;
}

/** Without the head of the answer. */
function body(answer: string): string {
  return answer.slice(answer.search(/\r?\n\r?\n/)).trimStart();
}
