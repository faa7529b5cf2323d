import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import type { GatewayAddress } from '../dev/kubernetes/gateway.ts';
import { AuthClient, loggedInUser } from './support/auth-client.ts';
import { kubectl, NAME, NAMESPACE, openGateway, readyAuthCluster } from './support/cluster.ts';
import { clusterTest, withDiagnosis } from './support/cluster-test.ts';

const JOB = 'warm-now';
let gateway: GatewayAddress;

beforeAll(
  () =>
    withDiagnosis(async () => {
      await readyAuthCluster();
      gateway = await openGateway();
    }),
  600_000,
);
afterAll(async () => {
  gateway?.close();
  await kubectl.run(['delete', '-n', NAMESPACE, 'job', JOB, '--ignore-not-found']);
});

describe('the warming of the caches', () => {
  clusterTest('loads who logged in lately, as the policies of the namespace and of the network allow', async () => {
    await loggedInUser(new AuthClient(gateway.url));
    await kubectl.run(['create', '-n', NAMESPACE, 'job', JOB, `--from=cronjob/${NAME}-warm`]);
    await kubectl.run(['wait', '-n', NAMESPACE, `job/${JOB}`, '--for=condition=Complete', '--timeout=300s']);
    const log = await kubectl.run(['logs', '-n', NAMESPACE, `job/${JOB}`]);
    const warmed = log.split('\n').find((line) => line.includes('"message":"warmed"'));
    expect(JSON.parse(warmed ?? '{}').users).toBeGreaterThan(0);
  });
});
