import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import { INSTANCE, kubectl, NAMESPACE } from './cluster.ts';

interface Workload extends KubernetesObject {
  status: { updateRevision?: string };
}

/** Which template each workload runs, and who holds data: autoscalers may add and remove other pods at any time. */
export async function runningWorkloads(): Promise<Record<string, string>> {
  const workloads = await kubectl.list<Workload>(NAMESPACE, 'deployments.apps,statefulsets.apps', INSTANCE);
  const data = await kubectl.list(NAMESPACE, 'pods', `${INSTANCE},app.kubernetes.io/component in (postgres, redis)`);
  return Object.fromEntries([
    ...workloads.map(({ kind, metadata, status }) => [
      `${kind} ${metadata.name}`,
      `${metadata.uid} ${status.updateRevision ?? metadata.annotations?.['deployment.kubernetes.io/revision']}`,
    ]),
    ...data.map(({ metadata }) => [`Pod ${metadata.name}`, metadata.uid]),
  ]);
}
