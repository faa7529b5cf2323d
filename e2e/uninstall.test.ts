import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import type { AuthClusterObject } from '../dev/kubernetes/auth-cluster.ts';
import { CHART, RELEASE } from '../dev/kubernetes/operator-release.ts';
import { loggedInUser, logIn } from './support/auth-client.ts';
import { AUTH_CLUSTERS, kubectl, readyAuthCluster, sampleAuthCluster } from './support/cluster.ts';
import { clusterTest, withDiagnosis } from './support/cluster-test.ts';
import { eventually } from './support/eventually.ts';
import { applyIn } from './support/external-servers.ts';
import { gatewayClient, SET_UP_TIMEOUT_MS } from './support/gateway-client.ts';
import {
  correction,
  definitionHas,
  earlierDefinition,
  helmUninstall,
  helmUpgrade,
  NEW_FIELD,
} from './support/operator-release.ts';
import { runningWorkloads } from './support/running-workloads.ts';

const RUNNING = [
  ...['deployments.apps', 'statefulsets.apps', 'jobs.batch', 'cronjobs.batch', 'services', 'pods', 'serviceaccounts'],
  ...['horizontalpodautoscalers.autoscaling', 'poddisruptionbudgets.policy', 'networkpolicies.networking.k8s.io'],
  ...['roles.rbac.authorization.k8s.io', 'rolebindings.rbac.authorization.k8s.io'],
];
/** As the guide lists them. */
const KEPT = ['persistentvolumeclaims', 'secrets', 'configmaps'];
/** Every namespace has them, whoever lives in it. */
const OF_EVERY_NAMESPACE = ['ConfigMap kube-root-ca.crt', 'ServiceAccount default'];

/** The definition of an earlier release, as Helm has put it there. */
async function applyEarlierDefinition(): Promise<void> {
  const asHelm = ['--server-side', '--force-conflicts', '--field-manager', 'helm'];
  await kubectl.run(['apply', ...asHelm, '-f', '-'], await earlierDefinition());
}

describe('an operator that is uninstalled', () => {
  const client = gatewayClient();
  // Whatever happened, the tests that follow meet an operator.
  afterAll(() => helmUpgrade(CHART), SET_UP_TIMEOUT_MS);

  clusterTest('leaves the definition and AuthClusters that serve, and takes them up when it is back', async () => {
    const before = await runningWorkloads();
    await helmUninstall();
    const ofRelease = ['--all-namespaces', '-l', `app.kubernetes.io/instance=${RELEASE}`, '-o', 'name'];
    const kinds = [...RUNNING, ...KEPT, 'clusterroles', 'clusterrolebindings'].join(',');
    await eventually(async () => expect((await kubectl.run(['get', kinds, ...ofRelease])).trim()).toBe(''), 60);
    // What an earlier release would have left.
    await applyEarlierDefinition();
    expect(await definitionHas(NEW_FIELD)).toBe(false);
    const { credentials, tokens } = await loggedInUser(client);
    expect((await client.verify(tokens.access_token)).status).toBe(200);

    await helmUpgrade(CHART);
    expect(await definitionHas(NEW_FIELD)).toBe(true);
    // The second one begins after the first pass of the new operator has ended.
    await correction();
    await correction();
    await readyAuthCluster();
    expect(await runningWorkloads()).toEqual(before);
    expect((await client.verify((await logIn(client, credentials)).access_token)).status).toBe(200);
  });
});

describe('an AuthCluster that is deleted', () => {
  const NAMESPACE = 'authcluster-e2e-leaving';
  const NAME = 'leaving';
  const INSTANCE = `app.kubernetes.io/instance=${NAME}`;

  const deleteNamespace = () =>
    kubectl.run(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--timeout', '120s']);
  beforeAll(
    () =>
      withDiagnosis(async () => {
        await deleteNamespace();
        await kubectl.run(['create', 'namespace', NAMESPACE]);
      }),
    SET_UP_TIMEOUT_MS,
  );
  afterAll(deleteNamespace, SET_UP_TIMEOUT_MS);

  async function comeAndGo(deletionPolicy: 'Retain' | 'Delete'): Promise<void> {
    await applyIn(NAMESPACE, await smallAuthCluster(deletionPolicy));
    await eventually(async () => {
      const cluster = await kubectl.find<AuthClusterObject>(NAMESPACE, AUTH_CLUSTERS, NAME);
      expect(cluster?.status?.observedGeneration).toBe(cluster?.metadata.generation);
      const ready = expect.objectContaining({ type: 'DatabaseReady', status: 'True' });
      expect(cluster?.status?.conditions).toContainEqual(ready);
    }, 180);
    expect(await kubectl.list(NAMESPACE, 'persistentvolumeclaims', INSTANCE)).toHaveLength(1);
    await kubectl.run(['delete', '-n', NAMESPACE, AUTH_CLUSTERS, NAME, '--timeout', '120s']);
  }

  async function present(kinds: string[], selector = ''): Promise<string[]> {
    const objects = await kubectl.list(NAMESPACE, kinds.join(','), selector);
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    return names.filter((name) => !OF_EVERY_NAMESPACE.includes(name)).sort();
  }

  /** As little as has all kinds of objects. */
  async function smallAuthCluster(deletionPolicy: string) {
    const { apiVersion, kind, spec } = await sampleAuthCluster();
    const postgres = { ...spec.postgres, readReplicas: 0 };
    const redis = { ...spec.redis, replicasPerShard: 0 };
    const small = { ...spec, deletionPolicy, gateway: { enabled: false }, postgres, redis };
    return { apiVersion, kind, metadata: { name: NAME }, spec: small };
  }

  clusterTest('under Retain leaves what the guide lists, and nothing that the guide does not remove', async () => {
    await comeAndGo('Retain');
    await eventually(async () => expect(await present(RUNNING)).toEqual([]), 120);
    expect(await present(['persistentvolumeclaims'])).toHaveLength(1);
    const kept = await present(KEPT);
    expect(kept).toEqual(await present(KEPT, INSTANCE));
    await kubectl.run(['delete', KEPT.join(','), '-n', NAMESPACE, '-l', INSTANCE, '--timeout', '60s']);
    expect(await present(KEPT)).toEqual([]);
  });

  clusterTest('under Delete leaves nothing', async () => {
    await comeAndGo('Delete');
    await eventually(async () => {
      const left = await present([...RUNNING, ...KEPT]);
      // Patroni may write who leads once more, between the end of its ConfigMap and that of its rights.
      expect(left.filter((name) => !/^ConfigMap .*-postgres-leader$/.test(name))).toEqual([]);
    }, 120);
  });
});
