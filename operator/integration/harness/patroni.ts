import type { ObjectCache } from '../../src/kubernetes/cache.ts';
import type { KubernetesObject, LiveObject, Pod, StatefulSet } from '../../src/kubernetes/objects.ts';
import { resourceOf, resourcePath } from '../../src/kubernetes/resources.ts';
import type { Transport } from '../../src/kubernetes/transport.ts';

/** The pods of a database and Patroni's ConfigMaps, as its StatefulSet asks for: pod 0 leads. */
export async function bringPatroni(
  admin: Transport,
  cache: ObjectCache,
  statefulSet: StatefulSet,
  live: { pods: readonly Pod[]; configMaps: readonly LiveObject[] },
): Promise<void> {
  const { name, namespace, labels = {} } = statefulSet.metadata;
  const replicas = statefulSet.spec.replicas ?? 1;
  const post = async (object: KubernetesObject) => {
    const path = resourcePath(resourceOf(object.kind), namespace);
    const created = (await admin.send({ method: 'POST', path, body: object })) as LiveObject;
    cache.note(created);
    return created;
  };
  const wanted = Array.from({ length: replicas }, (_, ordinal) => `${name}-${ordinal}`);
  const pods = live.pods.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === 'postgres');
  for (const [ordinal, pod] of wanted.entries()) {
    const present = pods.find(({ metadata }) => metadata.name === pod);
    const made = present ?? ((await post(podObject(pod, namespace, labels, ordinal))) as Pod);
    if (made.status?.podIP === undefined) await start(admin, cache, made, ordinal);
  }
  for (const pod of pods.filter(({ metadata }) => !wanted.includes(metadata.name))) await remove(admin, pod);
  const configMap = (suffix: string) => live.configMaps.find(({ metadata }) => metadata.name === `${name}-${suffix}`);
  const annotated = (suffix: string, annotations: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `${name}-${suffix}`, namespace, labels, annotations },
  });
  const [leader] = wanted;
  if (leader !== undefined && configMap('config') === undefined) {
    await post(annotated('config', { initialize: '7', config: '{}' }));
  }
  const holder = configMap('leader');
  if (leader === undefined && holder !== undefined) await remove(admin, holder);
  if (leader !== undefined && holder === undefined) await post(annotated('leader', { leader, transitions: '0' }));
}

function podObject(name: string, namespace: string, labels: Record<string, string>, ordinal: number): KubernetesObject {
  const role = { 'authcluster.dev/role': ordinal === 0 ? 'primary' : 'replica' };
  const container = { name: 'postgres', image: 'none' };
  const metadata = { name, namespace, labels: { ...labels, ...role } };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [container] } } as KubernetesObject;
}

async function start(admin: Transport, cache: ObjectCache, { metadata }: LiveObject, ordinal: number): Promise<void> {
  const ip = `10.0.0.${ordinal + 1}`;
  const status = { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions: [{ type: 'Ready', status: 'True' }] };
  const answer = await admin.send({
    method: 'PATCH',
    path: resourcePath(resourceOf('Pod'), metadata.namespace, metadata.name, 'status'),
    contentType: 'application/merge-patch+json',
    body: { status },
  });
  cache.note(answer as LiveObject);
}

async function remove(admin: Transport, { kind, metadata }: LiveObject): Promise<void> {
  await admin.send({
    method: 'DELETE',
    path: resourcePath(resourceOf(kind), metadata.namespace, metadata.name),
    query: { gracePeriodSeconds: '0' },
  });
}
