import { beforeAll, describe, expect } from '@jest/globals';
import type { KubernetesObject } from '../dev/kubernetes/kubectl.ts';
import { AuthClient, loggedInUser, logIn } from './support/auth-client.ts';
import {
  AUTH_CLUSTERS,
  applySample,
  INSTANCE,
  kubectl,
  NAME,
  NAMESPACE,
  openGateway,
  readyAuthCluster,
} from './support/cluster.ts';
import { clusterTest, withDiagnosis } from './support/cluster-test.ts';
import { annotate, databasePods, SWITCHOVER, settled, standby, untilMoved } from './support/database.ts';
import { eventually } from './support/eventually.ts';

const READY_SECONDS = 480;
/** Everything an AuthCluster is made of that holds no data. */
const RUNNING = [
  ...['deployments.apps', 'statefulsets.apps', 'jobs.batch', 'services', 'pods', 'serviceaccounts'],
  ...['horizontalpodautoscalers.autoscaling', 'poddisruptionbudgets.policy', 'roles.rbac.authorization.k8s.io'],
];
const CREDENTIALS = ['superuser', 'replication', 'migrator', 'app', 'pooler', 'patroni'].map(
  (name) => `${NAME}-postgres-${name}`,
);
const KEPT_SECRETS = [...CREDENTIALS, `${NAME}-redis-auth`, `${NAME}-signing-keys`];

beforeAll(() => withDiagnosis(readyAuthCluster), 600_000);

function identities(objects: KubernetesObject[]): Map<string, string> {
  return new Map(objects.map(({ metadata }) => [metadata.name, metadata.uid]));
}

async function keptSecrets(): Promise<Map<string, string>> {
  const secrets = await kubectl.list(NAMESPACE, 'secrets');
  return identities(secrets.filter(({ metadata }) => KEPT_SECRETS.includes(metadata.name)));
}

async function runningObjects(): Promise<string[]> {
  const objects = await kubectl.list(NAMESPACE, RUNNING.join(','), INSTANCE);
  return objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}

async function loggedInUserAtGateway() {
  const gateway = await openGateway();
  try {
    return await loggedInUser(new AuthClient(gateway.url));
  } finally {
    gateway.close();
  }
}

async function expectLogin(credentials: { username: string; password: string }): Promise<void> {
  const gateway = await openGateway();
  try {
    await eventually(() => logIn(new AuthClient(gateway.url), credentials), 30);
  } finally {
    gateway.close();
  }
}

/** Of two pods; who leads is what earlier tests have made of it. */
async function lastPodLeads(): Promise<void> {
  const last = `${NAME}-postgres-1`;
  if ((await standby()) === last) await untilMoved('Requested', () => annotate(`${SWITCHOVER}=${last}`));
}

describe('deleting an AuthCluster whose deletionPolicy is Retain', () => {
  clusterTest(
    'removes what runs, keeps volumes and credentials, and a new one of that name adopts them',
    async () => {
      const { credentials } = await loggedInUserAtGateway();
      await lastPodLeads();
      const volumes = identities(await kubectl.list(NAMESPACE, 'persistentvolumeclaims', INSTANCE));
      const secrets = await keptSecrets();
      expect(volumes.size).toBe(2);
      expect([...secrets.keys()].sort()).toEqual([...KEPT_SECRETS].sort());

      await kubectl.run(['delete', '-n', NAMESPACE, AUTH_CLUSTERS, NAME, '--timeout', '120s']);
      await eventually(async () => expect(await runningObjects()).toEqual([]), 120);
      expect(identities(await kubectl.list(NAMESPACE, 'persistentvolumeclaims', INSTANCE))).toEqual(volumes);
      expect(await keptSecrets()).toEqual(secrets);

      // The volume that led last is not among those that the new one asks for.
      await applySample({ postgres: { readReplicas: 0 } });
      expect((await settled(READY_SECONDS)).primary).toBe(`${NAME}-postgres-0`);
      await eventually(async () => expect(await databasePods()).toHaveLength(1), 120);
      expect(await keptSecrets()).toEqual(secrets);
      await expectLogin(credentials);
    },
    900,
  );
});
