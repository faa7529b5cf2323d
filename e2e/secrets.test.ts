import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import type { AuthClusterObject } from '../dev/kubernetes/auth-cluster.ts';
import type { GatewayAddress } from '../dev/kubernetes/gateway.ts';
import { AuthClient, loggedInUser, logIn, randomCredentials } from './support/auth-client.ts';
import { AUTH_CLUSTERS, kubectl, NAME, NAMESPACE, openGateway, readyAuthCluster } from './support/cluster.ts';
import { clusterTest, withDiagnosis } from './support/cluster-test.ts';
import { eventually } from './support/eventually.ts';

interface Status {
  conditions: { type: string; status: string; reason: string }[];
  signingKeys: { active: string; stage: string };
}

/** Of a Secret that has changed, from the API server through the kubelet into the pods. */
const KUBELET_SECONDS = 150;
const CLIENT = 'billing';
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
afterAll(() => gateway?.close());

async function status(): Promise<Status> {
  const cluster = await kubectl.find<AuthClusterObject & { status: Status }>(NAMESPACE, AUTH_CLUSTERS, NAME);
  if (cluster === undefined) throw new Error(`there is no AuthCluster ${NAME}`);
  return cluster.status;
}

async function degradedReason(): Promise<string | undefined> {
  return (await status()).conditions.find(({ type }) => type === 'Degraded')?.reason;
}

function createSecret(name: string, values: Record<string, string>): Promise<string> {
  const literals = Object.entries(values).map(([key, value]) => `--from-literal=${key}=${value}`);
  return kubectl.run(['create', 'secret', 'generic', '-n', NAMESPACE, name, ...literals]);
}

async function introspect(token: string, clientSecret: string): Promise<number> {
  const answer = await fetch(`${gateway.url}/oauth/introspect`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${CLIENT}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({ token }),
  });
  return answer.status;
}

describe('Secrets that somebody else makes', () => {
  clusterTest(
    'are told while they are missing, and take effect in running pods when they come',
    async () => {
      const administrator = randomCredentials();
      const clientSecret = randomCredentials().password;
      const api = {
        bootstrapAdmin: { secretName: 'e2e-administrator' },
        oauthClients: { secretName: 'e2e-clients' },
        rollout: { bakeSeconds: 5 },
      };
      const patch = JSON.stringify({ spec: { api } });
      await kubectl.run(['patch', '-n', NAMESPACE, AUTH_CLUSTERS, NAME, '--type', 'merge', '-p', patch]);
      await eventually(async () => expect(await degradedReason()).toBe('SecretMissing'), 60);
      expect((await loggedInUser(client)).tokens.token_type).toBe('Bearer');
      await createSecret('e2e-administrator', { ...administrator });
      await createSecret('e2e-clients', { [CLIENT]: clientSecret });
      await eventually(() => logIn(client, administrator), KUBELET_SECONDS);
      const { access_token } = await logIn(client, administrator);
      await eventually(async () => expect(await introspect(access_token, clientSecret)).toBe(200), KUBELET_SECONDS);
      expect(await introspect(access_token, 'of somebody else')).toBe(401);
      await readyAuthCluster();
    },
    600,
  );
});

describe('a rotation of the signing key', () => {
  clusterTest(
    'begins with a key that every pod publishes, and costs no token',
    async () => {
      const { tokens } = await loggedInUser(client);
      const { active } = (await status()).signingKeys;
      const rotate = `authcluster.dev/rotate-signing-key=${Date.now()}`;
      await kubectl.run(['annotate', '-n', NAMESPACE, AUTH_CLUSTERS, NAME, rotate]);
      await eventually(async () => {
        expect((await status()).signingKeys).toMatchObject({ active, stage: 'Distributing' });
      }, KUBELET_SECONDS);
      expect((await client.verify(tokens.access_token)).status).toBe(200);
      const secret = await kubectl.find<AuthClusterObject & { data: Record<string, string> }>(
        NAMESPACE,
        'secrets',
        `${NAME}-signing-keys`,
      );
      const { keys } = JSON.parse(Buffer.from(secret?.data['keyset.json'] ?? '', 'base64').toString('utf8'));
      expect(keys).toMatchObject([{ kid: active, status: 'active' }, { status: 'pending' }]);
    },
    240,
  );
});
