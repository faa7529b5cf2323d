import { readFile } from 'node:fs/promises';
import { parseAllDocuments, stringify } from 'yaml';
import { runCommand } from '../command.ts';
import type { Kubectl } from '../kubernetes/kubectl.ts';

/** Where Prometheus runs: in a namespace of its own, which AuthClusters let in. */
export const MONITORING_NAMESPACE = 'monitoring';
const NAME = 'prometheus';
const LABELS = { 'app.kubernetes.io/name': NAME };
const PORT = 9090;
export const ROOT = new URL('../../', import.meta.url).pathname;
const FILES = `${ROOT}manifests/monitoring`;
export const DASHBOARDS = `${FILES}/dashboards`;
/** Inside its namespace. */
export const PROMETHEUS_URL = `http://${NAME}:${PORT}`;
const READY_TIMEOUT = '300s';

/** Where a Prometheus runs, and what tells it from another one of the same cluster. */
export interface PrometheusPlace {
  readonly namespace: string;
  /** Labels of its pod, beside its name. */
  readonly podLabels: Readonly<Record<string, string>>;
  /** The name of its ClusterRole and of the binding, which are in no namespace. */
  readonly role: string;
}

const QUICK_START: PrometheusPlace = { namespace: MONITORING_NAMESPACE, podLabels: {}, role: `authcluster-${NAME}` };

/** A manifest of one AuthCluster, with exporters, and with Prometheus let in. */
export function monitored(manifest: string): string {
  const documents = parseAllDocuments(manifest).map((document) => document.toJS() as { kind: string; spec?: object });
  const scrapers = [{ namespace: MONITORING_NAMESPACE, podLabels: LABELS }];
  const settings = { monitoring: { enabled: true }, networkPolicy: { scrapers } };
  return documents
    .map((each) => (each.kind === 'AuthCluster' ? { ...each, spec: { ...each.spec, ...settings } } : each))
    .map((each) => stringify(each))
    .join('---\n');
}

/** Builds Prometheus and brings it to the nodes of the local cluster. */
export async function preparePrometheus(onLine: (line: string) => void): Promise<void> {
  await runCommand('dev/images.sh', [NAME], { onLine, directory: ROOT });
  await runCommand('dev/load.sh', [await prometheusImage()], { onLine, directory: ROOT });
}

/** Runs a Prometheus with the scrape configuration and the rules of manifests/monitoring/, and waits until it serves. */
export async function installPrometheus(kubectl: Kubectl, place = QUICK_START): Promise<void> {
  const image = await prometheusImage();
  const data = {
    'prometheus.yml': stringify({ scrape_config_files: ['scrape.yaml'], rule_files: ['rules.yaml'] }),
    'scrape.yaml': await readFile(`${FILES}/prometheus.yaml`, 'utf8'),
    'rules.yaml': await readFile(`${FILES}/rules.yaml`, 'utf8'),
  };
  const objects = [
    namespace(place),
    ...access(place),
    configMap(place, data),
    deployment(place, image),
    service(place),
  ];
  await kubectl.apply(objects.map((object) => stringify(object)).join('---\n'));
  const rollout = ['rollout', 'status', `deployment/${NAME}`, '-n', place.namespace];
  await kubectl.run([...rollout, `--timeout=${READY_TIMEOUT}`]);
}

/** All that `installPrometheus` made, but the namespace. */
export async function removePrometheus(kubectl: Kubectl, { namespace, role }: PrometheusPlace): Promise<void> {
  const own = ['deployment', 'service', 'configmap', 'serviceaccount'].map((kind) => `${kind}/${NAME}`);
  await kubectl.run(['delete', '-n', namespace, ...own, '--ignore-not-found', '--wait=false']);
  await kubectl.run(['delete', `clusterrolebinding/${role}`, `clusterrole/${role}`, '--ignore-not-found']);
}

async function prometheusImage(): Promise<string> {
  return (await readFile(`${ROOT}.make/${NAME}-image`, 'utf8')).trim();
}

function metadata({ namespace }: PrometheusPlace): object {
  return { name: NAME, namespace, labels: LABELS };
}

function namespace({ namespace: name }: PrometheusPlace): object {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

/** It finds its targets among all pods. */
function access(place: PrometheusPlace): object[] {
  const group = 'rbac.authorization.k8s.io';
  const { namespace, role: name } = place;
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(place) },
    {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRole',
      metadata: { name },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
    },
    {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name: NAME, namespace }],
    },
  ];
}

function configMap(place: PrometheusPlace, data: Readonly<Record<string, string>>): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(place), data };
}

function deployment(place: PrometheusPlace, image: string): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(place),
    spec: {
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: { ...LABELS, ...place.podLabels } },
        spec: {
          serviceAccountName: NAME,
          securityContext: { runAsNonRoot: true, fsGroup: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [container(image)],
          volumes: [
            { name: 'configuration', configMap: { name: NAME } },
            { name: 'data', emptyDir: { sizeLimit: '1Gi' } },
          ],
        },
      },
    },
  };
}

function container(image: string): object {
  return {
    name: NAME,
    image,
    args: [
      '--config.file=/etc/prometheus/prometheus.yml',
      '--storage.tsdb.path=/data',
      '--storage.tsdb.retention.size=512MB',
      '--enable-feature=exemplar-storage',
    ],
    ports: [{ name: 'http', containerPort: PORT }],
    readinessProbe: { httpGet: { path: '/-/ready', port: 'http' }, periodSeconds: 2 },
    resources: { requests: { cpu: '20m', memory: '96Mi' }, limits: { memory: '384Mi' } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    volumeMounts: [
      { name: 'configuration', mountPath: '/etc/prometheus' },
      { name: 'data', mountPath: '/data' },
    ],
  };
}

function service(place: PrometheusPlace): object {
  const ports = [{ name: 'http', port: PORT, targetPort: 'http' }];
  return { apiVersion: 'v1', kind: 'Service', metadata: metadata(place), spec: { selector: LABELS, ports } };
}
