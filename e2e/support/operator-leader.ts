import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import { OPERATOR_NAMESPACE, RELEASE } from '../../dev/kubernetes/operator-release.ts';
import { kubectl } from './cluster.ts';

interface Lease extends KubernetesObject {
  spec: { holderIdentity?: string };
}
interface OperatorPod extends KubernetesObject {
  spec: { nodeName: string };
  status: { containerStatuses: { containerID: string }[] };
}

/** One process: a container that is started anew is another. */
export async function leadingOperator(): Promise<string> {
  const lease = await kubectl.find<Lease>(OPERATOR_NAMESPACE, 'leases.coordination.k8s.io', RELEASE);
  return lease?.spec.holderIdentity || Promise.reject(new Error('no operator leads'));
}

/**
 * Waits on the operator's node with the process in sight, so that nothing of what a pod's end takes comes between the order
 * and SIGKILL: asked by Kubernetes to end, an operator would end its move first.
 */
const WAIT_AND_KILL = `
pid=$(ctr -n k8s.io tasks ls | awk -v id="$1" '$1 == id { print $2 }')
echo "$pid"
read -r order && kill -KILL "$pid"
`;

/** Of the local cluster alone. Resolves with the order that kills the operator, to be given once, or never with `close`. */
export async function killerOf(operator: string): Promise<{ kill: () => Promise<void>; close: () => void }> {
  const pods = await kubectl.list<OperatorPod>(OPERATOR_NAMESPACE, 'pods', `app.kubernetes.io/instance=${RELEASE}`);
  const pod = pods.find(({ metadata }) => operator.startsWith(`${metadata.name}_`));
  const container = pod?.status.containerStatuses[0]?.containerID.replace('containerd://', '');
  if (pod === undefined || container === undefined) throw new Error(`there is no pod of ${operator}`);
  const command = ['exec', '-i', pod.spec.nodeName, 'bash', '-c', WAIT_AND_KILL, 'bash', container];
  const child = spawn('docker', command, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [pid] = await once(child.stdout.setEncoding('utf8'), 'data');
  if (!/^\d+\n$/.test(`${pid}`)) throw new Error(`there is no process of ${operator}`);
  return {
    kill: async () => {
      child.stdin.end('now\n');
      const [exitCode] = await once(child, 'close');
      if (exitCode !== 0) throw new Error(`${operator} could not be killed`);
    },
    close: () => child.stdin.end(),
  };
}
