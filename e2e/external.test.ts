import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { type AuthClusterObject, type Condition, waitUntilReady } from '../dev/kubernetes/auth-cluster.ts';
import { forwardPort, type GatewayAddress, waitForAnswer } from '../dev/kubernetes/gateway.ts';
import { AuthClient, loggedInUser, logIn } from './support/auth-client.ts';
import { AUTH_CLUSTERS, kubectl } from './support/cluster.ts';
import { clusterTest, withDiagnosis } from './support/cluster-test.ts';
import { eventually } from './support/eventually.ts';
import { applyIn, PASSWORDS, secret, startExternalServers } from './support/external-servers.ts';

const NAMESPACE = 'authcluster-e2e-external';
const NAME = 'guest';
const small = (cpu: string, memory: string) => ({ requests: { cpu, memory }, limits: { memory: '256Mi' } });
const tls = { mode: 'VerifyFull', ca: { name: 'ca' } };

const AUTH_CLUSTER = {
  apiVersion: 'authcluster.dev/v1alpha1',
  kind: 'AuthCluster',
  metadata: { name: NAME },
  spec: {
    api: {
      autoscaling: { minReplicas: 1, maxReplicas: 2 },
      resources: small('50m', '128Mi'),
      hashing: { workers: 2, cost: 10 },
      pools: { write: 10, read: 10 },
    },
    gateway: { autoscaling: { minReplicas: 1, maxReplicas: 2 }, resources: small('10m', '32Mi') },
    postgres: {
      mode: 'External',
      external: {
        primary: { host: `db.${NAMESPACE}.svc` },
        maxConnections: 60,
        credentials: { application: { secretName: 'db-app' }, migration: { secretName: 'db-migrator' } },
        tls,
      },
      pooler: { instances: 1, maxClientConnections: 100, resources: small('10m', '16Mi') },
    },
    redis: {
      mode: 'External',
      external: { endpoints: [{ host: `cache.${NAMESPACE}.svc` }], credentials: { secretName: 'cache' }, tls },
    },
  },
};

let gateway: GatewayAddress | undefined;

const deleteNamespace = () =>
  kubectl.run(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--timeout', '120s']);

beforeAll(
  () =>
    withDiagnosis(async () => {
      await deleteNamespace();
      await startExternalServers(NAMESPACE);
      await applyIn(
        NAMESPACE,
        secret('db-app', { username: 'auth_app', password: 'not-the-word' }),
        secret('db-migrator', { username: 'auth_migrator', password: PASSWORDS.migrator }),
        secret('cache', { username: 'shop' }),
        AUTH_CLUSTER,
      );
    }),
  300_000,
);
afterAll(async () => {
  gateway?.close();
  await deleteNamespace();
}, 180_000);

async function condition(type: string): Promise<Condition | undefined> {
  const cluster = await kubectl.find<AuthClusterObject>(NAMESPACE, AUTH_CLUSTERS, NAME);
  return cluster?.status?.conditions?.find((each) => each.type === type);
}

const settle = () => waitUntilReady(kubectl, NAMESPACE, NAME, { timeoutSeconds: 120 });

describe('an AuthCluster with an external database and Redis', () => {
  clusterTest('says which password is wrong and which key is missing, and runs nothing meanwhile', async () => {
    await eventually(async () => {
      expect(await condition('DatabaseReady')).toMatchObject({ status: 'False', reason: 'AuthenticationFailed' });
      expect(await condition('CacheReady')).toMatchObject({ status: 'False', reason: 'SecretIncomplete' });
    }, 60);
    expect((await condition('DatabaseReady'))?.message).toContain('spec.postgres.external.credentials.application');
    expect((await condition('CacheReady'))?.message).toContain('Secret cache has no value for key "password"');
    expect(await kubectl.list(NAMESPACE, 'deployments.apps', `app.kubernetes.io/instance=${NAME}`)).toEqual([]);
  });

  clusterTest('becomes Ready once both are mended, without a server of its own, and logs people in', async () => {
    await applyIn(
      NAMESPACE,
      secret('db-app', { username: 'auth_app', password: PASSWORDS.app }),
      secret('cache', { username: 'shop', password: PASSWORDS.redis }),
    );
    await settle();
    expect(await kubectl.list(NAMESPACE, 'statefulsets.apps')).toEqual([]);
    gateway = await forwardPort(kubectl, NAMESPACE, `service/${NAME}-gateway`);
    await waitForAnswer(gateway.url, 30);
    const client = new AuthClient(gateway.url);
    const { credentials, tokens } = await loggedInUser(client);
    expect((await client.verify(tokens.access_token)).status).toBe(200);
    await logIn(client, credentials);
  });

  clusterTest('keeps serving while its login is broken, and tells it', async () => {
    await applyIn(NAMESPACE, secret('db-app', { username: 'auth_app', password: 'not-the-word' }));
    await eventually(async () => {
      expect(await condition('DatabaseReady')).toMatchObject({ status: 'False', reason: 'AuthenticationFailed' });
      expect(await condition('Degraded')).toMatchObject({ status: 'True' });
    }, 90);
    await loggedInUser(new AuthClient(gateway?.url ?? ''));
    await applyIn(NAMESPACE, secret('db-app', { username: 'auth_app', password: PASSWORDS.app }));
    await settle();
  });
});
