import { beforeAll, describe, expect } from '@jest/globals';
import type { KubernetesObject } from '../dev/kubernetes/kubectl.ts';
import { loggedInUser } from './support/auth-client.ts';
import { authCluster, kubectl, NAME, NAMESPACE, readyAuthCluster } from './support/cluster.ts';
import { clusterTest } from './support/cluster-test.ts';
import { eventually } from './support/eventually.ts';
import { gatewayClient } from './support/gateway-client.ts';

interface Deployment extends KubernetesObject {
  status: { readyReplicas?: number };
}
interface Service extends KubernetesObject {
  spec: { selector: Record<string, string>; ports: { port: number }[] };
}
interface Autoscaler extends KubernetesObject {
  spec: { scaleTargetRef: { kind: string; name: string }; minReplicas: number; maxReplicas: number };
  status: { currentReplicas?: number; conditions?: { type: string; status: string }[] };
}

const client = gatewayClient();
/** Of the colour that serves. */
let apiDeployment: string;

beforeAll(async () => {
  const { status } = await authCluster<{ api: { activeColor: string } }>();
  apiDeployment = `${NAME}-api-${status.api.activeColor}`;
});

async function read<T extends KubernetesObject>(resource: string, name: string): Promise<T> {
  const object = await kubectl.find<T>(NAMESPACE, resource, name);
  if (object === undefined) throw new Error(`there is no ${resource} ${name}`);
  return object;
}

describe('an AuthCluster that somebody tampers with', () => {
  clusterTest('gets a deleted auth-API Deployment back, and serves again', async () => {
    const before = await read<Deployment>('deployments.apps', apiDeployment);
    await kubectl.run(['delete', '-n', NAMESPACE, 'deployment', apiDeployment]);
    const after = await eventually(async () => {
      const deployment = await read<Deployment>('deployments.apps', apiDeployment);
      expect(deployment.metadata.uid).not.toBe(before.metadata.uid);
      expect(deployment.status.readyReplicas).toBeGreaterThanOrEqual(1);
      return deployment;
    }, 120);
    expect(after.metadata.labels).toEqual(before.metadata.labels);
    await eventually(() => loggedInUser(client), 30);
  });

  clusterTest('has a changed Service put right', async () => {
    const service = `${NAME}-api`;
    const declared = await read<Service>('services', service);
    const wrong = JSON.stringify({ spec: { selector: { 'app.kubernetes.io/component': 'nobody' } } });
    await kubectl.run(['patch', '-n', NAMESPACE, 'service', service, '--type', 'merge', '--patch', wrong]);
    await eventually(async () => {
      expect((await read<Service>('services', service)).spec.selector).toEqual(declared.spec.selector);
    }, 30);
    await eventually(() => loggedInUser(client), 30);
  });
});

describe('the auth API of an AuthCluster', () => {
  clusterTest('is scaled between the declared bounds, by its CPU use', async () => {
    const autoscaler = await eventually(async () => {
      const found = await read<Autoscaler>('horizontalpodautoscalers.autoscaling', `${NAME}-api`);
      const active = found.status.conditions?.find(({ type }) => type === 'ScalingActive');
      expect(active).toMatchObject({ status: 'True' });
      return found;
    }, 180);
    const cluster = await readyAuthCluster();
    const { autoscaling } = cluster.spec.api as { autoscaling: { minReplicas: number; maxReplicas: number } };
    expect(autoscaler.spec).toMatchObject({
      scaleTargetRef: { kind: 'Deployment', name: apiDeployment },
      minReplicas: autoscaling.minReplicas,
      maxReplicas: autoscaling.maxReplicas,
    });
  });
});
