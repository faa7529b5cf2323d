import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import type { GatewayAddress } from '../dev/kubernetes/gateway.ts';
import type { KubernetesObject } from '../dev/kubernetes/kubectl.ts';
import { AuthClient, loggedInUser, logIn } from './support/auth-client.ts';
import { AUTH_CLUSTERS, INSTANCE, kubectl, NAME, NAMESPACE, openGateway, readyAuthCluster } from './support/cluster.ts';
import { clusterTest, withDiagnosis } from './support/cluster-test.ts';
import { eventually } from './support/eventually.ts';

let gateway: GatewayAddress;
let client: AuthClient;

beforeAll(
  () =>
    withDiagnosis(async () => {
      await readyAuthCluster();
      gateway = await openGateway();
      client = new AuthClient(gateway.url);
    }),
  600_000,
);
afterAll(async () => {
  gateway?.close();
  await change({ hibernated: false, paused: false });
});

function change(spec: object): Promise<string> {
  return kubectl.run([
    'patch',
    '-n',
    NAMESPACE,
    AUTH_CLUSTERS,
    NAME,
    '--type',
    'merge',
    '-p',
    JSON.stringify({ spec }),
  ]);
}

async function pods(): Promise<string[]> {
  const running = await kubectl.list<KubernetesObject & { status: { phase?: string } }>(NAMESPACE, 'pods', INSTANCE);
  const ended = ['Succeeded', 'Failed'];
  return running.filter(({ status }) => !ended.includes(status.phase ?? '')).map(({ metadata }) => metadata.name);
}

describe('a hibernated AuthCluster', () => {
  clusterTest(
    'has no pods, keeps its data, and wakes with its users',
    async () => {
      const { credentials, tokens } = await loggedInUser(client);
      await change({ hibernated: true });
      await eventually(async () => expect(await pods()).toEqual([]), 180);
      await change({ hibernated: false });
      await readyAuthCluster();
      await eventually(() => logIn(client, credentials), 30);
      expect((await client.refresh(tokens.refresh_token)).status).toBe(200);
    },
    480,
  );
});

describe('a paused AuthCluster', () => {
  clusterTest('is left as somebody made it, until it goes on', async () => {
    const service = () =>
      kubectl.find<KubernetesObject & { spec: { selector: Record<string, string> } }>(
        NAMESPACE,
        'services',
        `${NAME}-redis`,
      );
    const declared = (await service())?.spec.selector;
    await change({ paused: true });
    await eventually(async () => {
      const cluster = await kubectl.run(['get', '-n', NAMESPACE, AUTH_CLUSTERS, NAME, '-o', 'json']);
      expect(JSON.parse(cluster).status.conditions).toContainEqual(expect.objectContaining({ reason: 'Paused' }));
    }, 30);
    const patch = JSON.stringify({ spec: { selector: { 'e2e.authcluster.dev/by-hand': 'yes' } } });
    await kubectl.run(['patch', '-n', NAMESPACE, 'service', `${NAME}-redis`, '--type', 'merge', '-p', patch]);
    // Longer than a correction takes: it comes within a second.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    expect((await service())?.spec.selector).toHaveProperty(['e2e.authcluster.dev/by-hand']);
    await change({ paused: false });
    await eventually(async () => expect((await service())?.spec.selector).toEqual(declared), 30);
  });
});
