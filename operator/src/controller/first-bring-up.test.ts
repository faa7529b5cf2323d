import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubernetesObject, LiveObject, StatefulSet } from '../kubernetes/objects.ts';
import { SHAPE_ANNOTATION } from '../specs/names.ts';
import { OperatorHarness } from '../testing/operator-harness.ts';

const asking = (cpu: string) => ({ resources: { requests: { cpu, memory: '1Gi' } } });
const FULL = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes: Insufficient cpu' };
const LABELS = { 'app.kubernetes.io/name': 'authcluster', 'app.kubernetes.io/instance': 'acme' };

let harness: OperatorHarness;
afterEach(() => harness.stop());

function live<T extends LiveObject>(plural: string, name: string): T {
  const object = harness.server.find(plural, name);
  if (object === undefined) throw new Error(`there is no ${plural}/${name}`);
  return object as T;
}

describe('a new AuthCluster whose database asks for more than any node has', () => {
  beforeEach(async () => {
    harness = new OperatorHarness({ postgres: asking('900') });
    await harness.start();
    await harness.pass();
    for (const ordinal of [0, 1, 2]) make(ordinal, false);
    await harness.pass();
  });

  /** What Kubernetes makes of the StatefulSet as it is, and whether a node takes it. */
  function make(ordinal: number, runs: boolean): void {
    const statefulSet = live<StatefulSet>('statefulsets', 'acme-postgres');
    const { generation } = statefulSet.metadata;
    const status = { observedGeneration: generation, updateRevision: String(generation) };
    harness.server.put({ ...statefulSet, status } as KubernetesObject, 'statefulsets');
    const shape = statefulSet.spec.template?.metadata?.annotations?.[SHAPE_ANNOTATION] ?? '';
    const role = runs ? { 'authcluster.dev/role': ordinal === 0 ? 'primary' : 'replica' } : {};
    const labels = { ...LABELS, 'app.kubernetes.io/component': 'postgres', ...role };
    const metadata = {
      ...{ name: `acme-postgres-${ordinal}`, namespace: 'auth', annotations: { [SHAPE_ANNOTATION]: shape } },
      labels: { ...labels, 'controller-revision-hash': String(generation) },
    };
    const running = { phase: 'Running', podIP: '10.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: {} };
    harness.server.put({ ...pod, status: runs ? running : { phase: 'Pending', conditions: [FULL] } } as never, 'pods');
  }

  function lead(): void {
    const labels = { ...LABELS, 'app.kubernetes.io/component': 'postgres' };
    const annotations = { leader: 'acme-postgres-0', transitions: '0' };
    const metadata = { name: 'acme-postgres-leader', namespace: 'auth', labels, annotations };
    harness.server.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata }, 'configmaps');
  }

  const next = () => harness.moves.at(-1);

  test('says so, and replaces nothing, which would help nobody', () => {
    expect(harness.moves.every(({ kind }) => kind === 'none')).toBe(true);
    const degraded = harness.status()?.conditions?.find(({ type }) => type === 'Degraded');
    expect(degraded).toMatchObject({ status: 'True', reason: 'Unschedulable' });
  });

  test('comes up once it is corrected: Kubernetes makes no pod of a database anew by itself', async () => {
    harness.change({ postgres: asking('1') });
    await harness.pass();
    // Kubernetes has looked at the StatefulSet; the pods are those of before.
    const statefulSet = live<StatefulSet>('statefulsets', 'acme-postgres');
    const status = { observedGeneration: statefulSet.metadata.generation, updateRevision: 'corrected' };
    harness.server.put({ ...statefulSet, status } as KubernetesObject, 'statefulsets');
    const replaced: string[] = [];
    for (const ordinal of [0, 1, 2]) {
      await harness.pass();
      const move = next();
      if (move?.kind === 'replace') replaced.push(move.pod);
      make(ordinal, true);
      lead();
    }
    await harness.pass();
    expect(replaced).toEqual(['acme-postgres-0', 'acme-postgres-1', 'acme-postgres-2']);
    expect(next()?.kind).toBe('none');
    expect(harness.status()?.postgres).toMatchObject({ primary: 'acme-postgres-0', ready: '2/2' });
  });
});

describe('a new AuthCluster of whose tier no pod can start takes what is corrected', () => {
  const cpuOf = (object: LiveObject) =>
    (object as unknown as { spec: { template: { spec: { containers: { resources: object }[] } } } }).spec.template.spec
      .containers[0]?.resources;

  test.each([
    [
      'poolers',
      { postgres: { pooler: asking('900') } },
      { postgres: { pooler: asking('1') } },
      'deployments/acme-pooler-rw',
    ],
    [
      'Redis',
      { redis: { maxMemory: '64Mi', ...asking('900') } },
      { redis: { maxMemory: '64Mi', ...asking('1') } },
      'statefulsets/acme-redis-0',
    ],
    [
      'Redis, every shard',
      { redis: { maxMemory: '64Mi', ...asking('900') } },
      { redis: { maxMemory: '64Mi', ...asking('1') } },
      'statefulsets/acme-redis-2',
    ],
  ])('%s', async (_tier, wrong, corrected, object) => {
    const [plural = '', name = ''] = object.split('/');
    harness = new OperatorHarness(wrong);
    await harness.start();
    await harness.untilQuiet();
    const { status: _, ...none } = live(plural, name) as LiveObject & { status?: object };
    harness.server.put({ ...none, status: { replicas: 2, unavailableReplicas: 2 } } as KubernetesObject, plural);
    for (const shard of [0, 1, 2].filter(() => plural === 'statefulsets')) {
      const each = live(plural, `acme-redis-${shard}`);
      harness.server.put({ ...each, status: { replicas: 2 } } as KubernetesObject, plural);
    }
    harness.change(corrected);
    await harness.pass();
    expect(cpuOf(live(plural, name))).toMatchObject({ requests: { cpu: '1' } });
  });
});
