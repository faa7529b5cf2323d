import { readdir, readFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { CommandError, runCommand } from '../command.ts';
import type { Kubectl } from '../kubernetes/kubectl.ts';
import { DASHBOARDS, MONITORING_NAMESPACE, PROMETHEUS_URL, ROOT } from './monitoring.ts';

/** With its registry, as the nodes name it. */
const IMAGE = 'docker.io/grafana/grafana:12.1.1';
const NAME = 'grafana';
const PORT = 3000;
const LABELS = { 'app.kubernetes.io/name': NAME };
const METADATA = { name: NAME, namespace: MONITORING_NAMESPACE, labels: LABELS };
const READY_TIMEOUT = '300s';

/**
 * Runs a Grafana beside Prometheus that has the dashboards, and waits until it serves. Resolves with false, and changes
 * nothing, where images cannot be pulled: there is no package of it to build one from.
 */
export async function installGrafana(kubectl: Kubectl, onLine: (line: string) => void): Promise<boolean> {
  if (!(await registryReachable())) return false;
  await runCommand('docker', ['pull', IMAGE], { onLine });
  await runCommand('dev/load.sh', [IMAGE], { onLine, directory: ROOT });
  const objects = grafanaObjects(await dashboards());
  await kubectl.apply(objects.map((object) => stringify(object)).join('---\n'));
  const rollout = ['rollout', 'status', `deployment/${NAME}`, '-n', MONITORING_NAMESPACE];
  await kubectl.run([...rollout, `--timeout=${READY_TIMEOUT}`]);
  return true;
}

/** As the scripts under dev/ find it out. */
async function registryReachable(): Promise<boolean> {
  try {
    await runCommand('bash', ['-c', '. dev/settings.sh && registry_reachable'], { directory: ROOT });
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

async function dashboards(): Promise<Record<string, string>> {
  const names = await readdir(DASHBOARDS);
  const entries = names.map(async (name) => [name, await readFile(`${DASHBOARDS}/${name}`, 'utf8')]);
  return Object.fromEntries(await Promise.all(entries));
}

/** Whoever reaches it may look: it is reached by port-forward alone. */
export function grafanaObjects(files: Readonly<Record<string, string>>): object[] {
  const selector = { matchLabels: LABELS };
  const spec = { selector, template: { metadata: { labels: LABELS }, spec: podSpec() } };
  const ports = [{ name: 'http', port: PORT, targetPort: 'http' }];
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: METADATA, data: PROVISIONING },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...METADATA, name: `${NAME}-dashboards` }, data: files },
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: METADATA, spec },
    { apiVersion: 'v1', kind: 'Service', metadata: METADATA, spec: { selector: LABELS, ports } },
  ];
}

const SOURCE = { name: 'Prometheus', type: 'prometheus', access: 'proxy', url: PROMETHEUS_URL, isDefault: true };
/** By the folder that each belongs to. */
const PROVISIONING = {
  datasources: stringify({ apiVersion: 1, datasources: [SOURCE] }),
  dashboards: stringify({
    apiVersion: 1,
    providers: [{ name: 'authcluster', type: 'file', options: { path: '/dashboards' } }],
  }),
};

function podSpec(): object {
  const settings = {
    GF_AUTH_ANONYMOUS_ENABLED: 'true',
    GF_ANALYTICS_REPORTING_ENABLED: 'false',
    GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
    GF_PLUGINS_PREINSTALL_DISABLED: 'true',
  };
  const provisioned = (kind: keyof typeof PROVISIONING) => ({
    name: 'provisioning',
    mountPath: `/etc/grafana/provisioning/${kind}/authcluster.yaml`,
    subPath: kind,
  });
  return {
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 472, fsGroup: 472, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: NAME,
        image: IMAGE,
        env: Object.entries(settings).map(([name, value]) => ({ name, value })),
        ports: [{ name: 'http', containerPort: PORT }],
        readinessProbe: { httpGet: { path: '/api/health', port: 'http' }, periodSeconds: 2 },
        resources: { requests: { cpu: '20m', memory: '128Mi' }, limits: { memory: '512Mi' } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        volumeMounts: [
          provisioned('datasources'),
          provisioned('dashboards'),
          { name: 'dashboards', mountPath: '/dashboards' },
          { name: 'data', mountPath: '/var/lib/grafana' },
        ],
      },
    ],
    volumes: [
      { name: 'provisioning', configMap: { name: NAME } },
      { name: 'dashboards', configMap: { name: `${NAME}-dashboards` } },
      { name: 'data', emptyDir: { sizeLimit: '1Gi' } },
    ],
  };
}
