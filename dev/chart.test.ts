import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { runCommand } from './command.ts';

interface Rendered {
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  data?: Record<string, string>;
  rules?: { resources: string[]; resourceNames?: string[]; verbs: string[]; apiGroups: string[] }[];
  spec?: {
    replicas?: number;
    template?: {
      spec: {
        securityContext: object;
        containers: { image: string; securityContext: object; env: { name: string; value?: string }[] }[];
      };
    };
  };
}

const CHART = 'helm/authcluster-operator';

function render(...values: string[]): Promise<Rendered[]> {
  return renderRelease('authcluster-operator', ...values);
}

async function renderRelease(release: string, ...values: string[]): Promise<Rendered[]> {
  const settings = values.flatMap((value) => ['--set', value]);
  const chart = ['template', release, CHART, '--namespace', 'authcluster-system'];
  return parseAllDocuments(await runCommand('helm', [...chart, ...settings]))
    .map((document) => document.toJS() as Rendered | null)
    .filter((object) => object !== null);
}

function kinds(objects: Rendered[]): string[] {
  return objects.map(({ kind, metadata }) => `${metadata.namespace ?? '-'} ${kind}`);
}

function isHook({ metadata }: Rendered): boolean {
  return metadata.annotations?.['helm.sh/hook'] !== undefined;
}

function resources(objects: Rendered[]): string[] {
  return objects.flatMap(({ rules = [] }) => rules.flatMap((rule) => rule.resources));
}

function operatorContainer(objects: Rendered[]) {
  const container = objects.find(({ kind }) => kind === 'Deployment')?.spec?.template?.spec.containers[0];
  if (container === undefined) throw new Error('the chart renders no Deployment with a container');
  const environment = new Map(container.env.map(({ name, value }) => [name, value]));
  return { ...container, environment };
}

describe('the chart', () => {
  test('grants the whole cluster by default', async () => {
    const objects = await render();
    expect(kinds(objects)).toEqual(expect.arrayContaining(['- ClusterRole', '- ClusterRoleBinding']));
    expect(resources(objects)).toContain('nodes');
  });

  test('grants only the watched namespaces where some are named', async () => {
    const objects = await render('watchNamespaces={blue,green}');
    expect(kinds(objects)).toEqual(
      expect.arrayContaining(['blue Role', 'blue RoleBinding', 'green Role', 'green RoleBinding']),
    );
    expect(kinds(objects.filter((object) => !isHook(object)))).not.toContain('- ClusterRole');
    expect(resources(objects)).not.toContain('nodes');
    expect(operatorContainer(objects).environment.get('WATCH_NAMESPACES')).toBe('blue,green');
  });

  test('sends traces where the values say, and none without', async () => {
    const tracing = (objects: Rendered[]) =>
      Object.fromEntries([...operatorContainer(objects).environment].filter(([name]) => name.startsWith('OTEL_')));
    expect(tracing(await render())).toEqual({});
    const endpoint = 'http://collector.observability.svc:4318';
    const objects = await render(
      `tracing.endpoint=${endpoint}`,
      'tracing.samplingRatio=0.5',
      'tracing.headersSecret=otlp',
    );
    expect(tracing(objects)).toEqual({
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.5',
      OTEL_EXPORTER_OTLP_HEADERS: undefined,
    });
    await expect(render('tracing.endpoint=collector:4318')).rejects.toThrow('endpoint');
  });

  test('has pods that NetworkPolicies of AuthClusters know, also where another chart depends on it by an alias', async () => {
    const platform = await mkdtemp(join(tmpdir(), 'authcluster-platform-'));
    await cp(CHART, join(platform, 'charts/authcluster-operator'), { recursive: true });
    const dependencies = [{ name: 'authcluster-operator', version: '*', alias: 'auth' }];
    const chart = { apiVersion: 'v2', name: 'platform', version: '1.0.0', dependencies };
    await writeFile(join(platform, 'Chart.yaml'), stringify(chart));
    const rendered = parseAllDocuments(await runCommand('helm', ['template', 'platform', platform]));
    const deployment = rendered.map((document) => document.toJS()).find((object) => object?.kind === 'Deployment');
    const labels = { 'app.kubernetes.io/name': 'authcluster-operator', 'app.kubernetes.io/instance': 'platform' };
    expect(deployment.spec.template.metadata.labels).toEqual(labels);
    expect(deployment.spec.selector.matchLabels).toEqual(labels);
  });

  test('takes names that YAML would read as numbers', async () => {
    const values = join(await mkdtemp(join(tmpdir(), 'authcluster-values-')), 'values.yaml');
    const named = { imagePullSecrets: ['2026'], priorityClassName: '1e3', watchNamespaces: ['2024', '2025'] };
    await writeFile(values, JSON.stringify({ ...named, authClusters: [{ name: 'no', namespace: '2024' }] }));
    const command = ['template', 'operator', CHART, '--namespace', '2024', '--values', values];
    const rendered = parseAllDocuments(await runCommand('helm', command)).map((document) => document.toJS());
    const namespaces = new Set(rendered.map((object) => object?.metadata?.namespace).filter(Boolean));
    expect(namespaces).toEqual(new Set(['2024', '2025']));
    const { spec } = rendered.find((object) => object?.kind === 'Deployment').spec.template;
    expect(spec).toMatchObject({ priorityClassName: '1e3', imagePullSecrets: [{ name: '2026' }] });
    expect(rendered.find((object) => object?.kind === 'AuthCluster').metadata.name).toBe('no');
  });

  test('grants no wildcard', async () => {
    const rules = (await render()).flatMap((object) => object.rules ?? []);
    expect(rules.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs])).not.toContain(
      '*',
    );
  });

  test('runs images of its own release unless others are named', async () => {
    const { image, environment } = operatorContainer(await render('images.postgres.17=registry.test/postgres:1'));
    expect(image).toMatch(/^ghcr\.io\/authcluster\/operator:\d/);
    expect(environment.get('REDIS_IMAGE')).toMatch(/^ghcr\.io\/authcluster\/redis:\d/);
    expect(environment.get('POSTGRES_IMAGES')).toBe('{"17":"registry.test/postgres:1"}');
  });

  test('tells Artifact Hub of the images that it runs by default, and of pages that are there', async () => {
    const { annotations } = parse(await readFile(`${CHART}/Chart.yaml`, 'utf8'));
    const { image, environment } = operatorContainer(await render());
    const { POSTGRES_IMAGES = '{}', ...others } = Object.fromEntries(environment);
    const run = Object.entries(others).flatMap(([name, value]) => (name.endsWith('_IMAGE') ? [value] : []));
    const told = parse(annotations['artifacthub.io/images']) as { name: string; image: string }[];
    const all = [image, ...run, ...Object.values(JSON.parse(POSTGRES_IMAGES))];
    expect(told.map((each) => each.image).sort()).toEqual(all.sort());
    const links = parse(annotations['artifacthub.io/links']) as { url: string }[];
    for (const { url } of links) expect(existsSync(url.replace(/^.*\/blob\/main\//, ''))).toBe(true);
  });

  test('runs two replicas by default, with a lease to elect the one that works, and a disruption budget', async () => {
    const objects = await render();
    const deployment = objects.find(({ kind }) => kind === 'Deployment');
    expect(deployment?.spec?.replicas).toBe(2);
    expect(operatorContainer(objects).environment.get('LEADER_ELECTION')).not.toBe('false');
    expect(resources(objects)).toContain('leases');
    expect(kinds(objects)).toContain('authcluster-system PodDisruptionBudget');
  });

  test.each([
    ['authcluster-operator', 'authcluster-operator'],
    ['second', 'second-authcluster-operator'],
  ])('has release %s elect by a lease of its own, and lets it hold no other', async (release, lease) => {
    const objects = await renderRelease(release);
    expect(operatorContainer(objects).environment.get('LEASE_NAME')).toBe(lease);
    const rules = objects.flatMap((object) => object.rules ?? []).filter((rule) => rule.resources.includes('leases'));
    expect(rules.filter(({ verbs }) => !verbs.includes('create')).map(({ resourceNames }) => resourceNames)).toEqual([
      [lease],
    ]);
  });

  test('has no disruption budget over a single replica, which would block drains', async () => {
    expect(kinds(await render('replicaCount=1'))).not.toContain('authcluster-system PodDisruptionBudget');
  });

  test('lets the operator do nothing that the restricted Pod Security Standard forbids, and write nothing', async () => {
    expect(operatorContainer(await render()).securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('applies its definition before it is installed or upgraded, with rights for nothing else, and leaves nothing of that', async () => {
    const before = 'pre-install,pre-upgrade';
    const hooks = (await render()).filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === before);
    expect(hooks.map(({ kind }) => kind).sort()).toEqual(
      ['ClusterRole', 'ClusterRoleBinding', 'ConfigMap', 'Job', 'ServiceAccount'].sort(),
    );
    for (const { metadata } of hooks) {
      expect(metadata.annotations).toMatchObject({
        'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded',
      });
    }
    expect(hooks.flatMap(({ rules = [] }) => rules)).toEqual([
      {
        apiGroups: ['apiextensions.k8s.io'],
        resources: ['customresourcedefinitions'],
        resourceNames: ['authclusters.authcluster.dev'],
        verbs: ['get', 'patch'],
      },
    ]);
    const definition = hooks.find(({ kind }) => kind === 'ConfigMap')?.data?.['definition.json'] ?? '';
    expect(JSON.parse(definition)).toEqual(parse(await readFile(`${CHART}/crds/authclusters.yaml`, 'utf8')));
  });

  test('leaves its definition to somebody else where that is wanted', async () => {
    expect(kinds(await render('crds.upgrade=false'))).not.toContain('authcluster-system Job');
    const namespaced = await render('crds.upgrade=false', 'watchNamespaces={blue}');
    expect(namespaced.filter(({ metadata }) => metadata.namespace === undefined)).toEqual([]);
  });

  test('brings AuthClusters of its values, which outlive the release', async () => {
    const objects = await render('authClusters[0].name=demo', 'authClusters[0].spec.redis.shards=4');
    expect(objects.find(({ kind }) => kind === 'AuthCluster')).toMatchObject({
      metadata: {
        name: 'demo',
        namespace: 'authcluster-system',
        annotations: { 'helm.sh/resource-policy': 'keep' },
      },
      spec: { redis: { shards: 4 } },
    });
  });

  test('refuses an AuthCluster that its operator would not see', async () => {
    const values = ['watchNamespaces={auth}', 'authClusters[0].name=demo', 'authClusters[0].namespace=other'];
    await expect(render(...values)).rejects.toThrow('demo is in namespace other, which watchNamespaces does not name');
  });

  test.each([
    ['logLevel=loud', '/logLevel'],
    ['authClusters[0].name=Demo', '/authClusters/0/name'],
    ['authClusters[0].spec.shards=3,authClusters[0].nmae=x', "'nmae'"],
    ['images.nope=x', "additional properties 'nope'"],
    ['images.operator=no tag', '/images/operator'],
    ['watchNamespaces={Bad}', '/watchNamespaces/0'],
    ['replicaCount=0', '/replicaCount'],
  ])('refuses %s and names the value', async (value, named) => {
    await expect(render(value)).rejects.toThrow(named);
  });
});

test('metrics are announced to the Prometheus Operator where that is asked for, with alerts', async () => {
  const announced = async (...values: string[]) =>
    (await render(...values)).map(({ kind }) => kind).filter((kind) => ['PodMonitor', 'PrometheusRule'].includes(kind));
  expect(await announced()).toEqual([]);
  const enabled = 'metrics.prometheusOperator.enabled=true';
  expect((await announced(enabled)).sort()).toEqual(['PodMonitor', 'PrometheusRule']);
  const rule = (await render(enabled)).find(({ kind }) => kind === 'PrometheusRule');
  expect(rule?.spec).toMatchObject({ groups: [{ name: 'authcluster-operator' }] });
});
