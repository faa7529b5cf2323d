import type { Deployment, LiveObject } from '../kubernetes/objects.ts';
import { resourceOf } from '../kubernetes/resources.ts';
import type { FakeApiServer } from './fake-api-server.ts';

/** What kubelets and Kubernetes' own controllers would do, at once. */
export function runWorkloads(server: FakeApiServer): void {
  for (const [key, live] of [...server.objects]) {
    const [plural = ''] = key.split('/');
    const status = statusFor(plural, live);
    if (status !== undefined) server.put({ ...live, status } as LiveObject, plural);
  }
  const begun = server.find('statefulsets', 'acme-postgres') !== undefined;
  if (begun && server.find('configmaps', 'acme-postgres-leader') === undefined) startPatroni(server);
}

/**
 * Pods of the workloads, each of the newest template but for annotations that are named. `memberState` is what members of
 * the database tell of themselves.
 */
export function runPods(server: FakeApiServer, memberState: () => string, withoutAnnotations: readonly string[]): void {
  for (const [key, live] of [...server.objects]) {
    if (!/^(deployments|statefulsets)\//.test(key)) continue;
    const { template } = (live as Deployment).spec;
    const ordinals = live.metadata.name === 'acme-postgres' ? [0, 1, 2] : [0];
    for (const ordinal of ordinals) {
      const name = `${live.metadata.name}-${ordinal}`;
      const before = server.find('pods', name)?.metadata.labels;
      const { labels, annotations = {} } = (template as { metadata: LiveObject['metadata'] }).metadata;
      const given = Object.entries(annotations).filter(([annotation]) => !withoutAnnotations.includes(annotation));
      const status = ordinals.length > 1 ? { status: memberState() } : {};
      const metadata = {
        ...{ name, namespace: 'auth', labels: { ...labels, ...before } },
        annotations: { ...Object.fromEntries(given), ...status },
      };
      const running = { podIP: '10.0.1.1', conditions: [{ type: 'Ready', status: 'True' }] };
      server.put(
        { apiVersion: 'v1', kind: 'Pod', metadata, spec: {}, status: running } as unknown as LiveObject,
        'pods',
      );
    }
  }
}

function startPatroni(server: FakeApiServer): void {
  const labels = {
    'app.kubernetes.io/name': 'authcluster',
    'app.kubernetes.io/instance': 'acme',
    'app.kubernetes.io/component': 'postgres',
  };
  for (const ordinal of [0, 1, 2]) {
    const status = { podIP: `10.0.0.${ordinal}`, conditions: [{ type: 'Ready', status: 'True' }] };
    const role = { 'authcluster.dev/role': ordinal === 0 ? 'primary' : 'replica' };
    const metadata = { name: `acme-postgres-${ordinal}`, namespace: 'auth', labels: { ...labels, ...role } };
    server.put({ apiVersion: 'v1', kind: 'Pod', metadata, spec: {}, status } as unknown as LiveObject, 'pods');
  }
  const annotations = { leader: 'acme-postgres-0', transitions: '0' };
  const metadata = { name: 'acme-postgres-leader', namespace: 'auth', labels, annotations };
  server.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata }, 'configmaps');
}

function statusFor(plural: string, { metadata: { generation } }: LiveObject): object | undefined {
  const counts = { replicas: 9, readyReplicas: 9, updatedReplicas: 9, availableReplicas: 9 };
  const replicas = { observedGeneration: generation, ...counts };
  if (plural === resourceOf('StatefulSet').plural || plural === resourceOf('Deployment').plural) return replicas;
  if (plural === resourceOf('Job').plural) return { conditions: [{ type: 'Complete', status: 'True' }] };
  return undefined;
}
