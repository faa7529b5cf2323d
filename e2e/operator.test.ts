import { describe, expect } from '@jest/globals';
import { runCommand } from '../dev/command.ts';
import type { KubernetesObject } from '../dev/kubernetes/kubectl.ts';
import { OPERATOR_NAMESPACE } from '../dev/kubernetes/operator-release.ts';
import { kubectl } from './support/cluster.ts';
import { clusterTest } from './support/cluster-test.ts';

interface Deployment extends KubernetesObject {
  spec: { replicas: number };
  status: { readyReplicas?: number };
}
interface Lease extends KubernetesObject {
  spec: { holderIdentity?: string };
}

const OPERATOR_PODS = 'app.kubernetes.io/name=authcluster-operator';

describe('the operator that Helm installed', () => {
  clusterTest('is ready in every replica, and one of them leads', async () => {
    const deployment = await kubectl.find<Deployment>(OPERATOR_NAMESPACE, 'deployments.apps', 'authcluster-operator');
    expect(deployment?.status.readyReplicas).toBe(deployment?.spec.replicas);
    const pods = await kubectl.list(OPERATOR_NAMESPACE, 'pods', OPERATOR_PODS);
    const lease = await kubectl.find<Lease>(OPERATOR_NAMESPACE, 'leases.coordination.k8s.io', 'authcluster-operator');
    const leader = pods.filter(({ metadata }) => lease?.spec.holderIdentity?.startsWith(metadata.name));
    expect(leader).toHaveLength(1);
  });

  clusterTest('passes the tests of its chart', async () => {
    const arguments_ = ['test', 'authcluster-operator', '--kube-context', kubectl.context, '--timeout', '60s'];
    await runCommand('helm', [...arguments_, '--namespace', OPERATOR_NAMESPACE]);
  });
});
