import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import { INSTANCE, kubectl, NAMESPACE } from './cluster.ts';

export interface Pod extends KubernetesObject {
  spec: { containers: { image: string; name: string }[] };
  status: { phase?: string; podIP?: string; containerStatuses?: { name: string; restartCount: number }[] };
}

/** The running pods of a component of the AuthCluster. */
export async function podsOf(component: string): Promise<Pod[]> {
  const selector = `${INSTANCE},app.kubernetes.io/component=${component}`;
  const pods = await kubectl.list<Pod>(NAMESPACE, 'pods', selector);
  return pods.filter(({ metadata, status }) => status.phase === 'Running' && metadata.deletionTimestamp === undefined);
}

/** A pod that belongs to nobody, from an image that is on the nodes already and holds bash. */
export async function startBashPod(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
  const image = (await podsOf('redis'))[0]?.spec.containers[0]?.image;
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE, labels },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{ name: 'bash', image, command: ['sleep', '900'], securityContext }],
    },
  };
  await kubectl.apply(JSON.stringify(pod));
  await kubectl.run(['wait', '-n', NAMESPACE, `pod/${name}`, '--for=condition=Ready', '--timeout=240s']);
}

export async function deletePod(name: string): Promise<void> {
  await kubectl.run(['delete', 'pod', '-n', NAMESPACE, name, '--ignore-not-found', '--wait=false']);
}
