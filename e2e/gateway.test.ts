import { mkdtemp } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect } from '@jest/globals';
import { runCommand } from '../dev/command.ts';
import type { Condition } from '../dev/kubernetes/auth-cluster.ts';
import { forwardPort } from '../dev/kubernetes/gateway.ts';
import { AuthClient, loggedInUser } from './support/auth-client.ts';
import { authCluster, changeSpec, kubectl, NAME, NAMESPACE, readyAuthCluster } from './support/cluster.ts';
import { clusterTest } from './support/cluster-test.ts';
import { eventually } from './support/eventually.ts';
import { gatewayClient } from './support/gateway-client.ts';

const SECRET = 'gateway-tls';

const client = gatewayClient();
afterAll(async () => {
  await changeSpec({ gateway: { tls: null } });
  await readyAuthCluster();
  await kubectl.run(['delete', 'secret', '-n', NAMESPACE, SECRET, '--ignore-not-found']);
}, 300_000);

async function condition(type: string): Promise<Condition | undefined> {
  const { status } = await authCluster<{ conditions: Condition[] }>();
  return status.conditions.find((each) => each.type === type);
}

async function createCertificate(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'authcluster-e2e-'));
  const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  await runCommand('openssl', ['req', '-x509', ...algorithm, '-subj', '/CN=e2e', '-keyout', key, '-out', cert]);
  await kubectl.run(['create', 'secret', 'tls', SECRET, '-n', NAMESPACE, `--cert=${cert}`, `--key=${key}`]);
}

/** The status of an answer over TLS, whoever signed the certificate. */
function statusOverTls(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url.replace('http:', 'https:'), { rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('a certificate that is not there', () => {
  clusterTest('keeps new pods of the gateway from serving, and takes no old one out of service', async () => {
    const { tokens } = await loggedInUser(client);
    await changeSpec({ gateway: { tls: { secretName: SECRET } } });
    // The node port is for TLS from now on; the other port of the Service leads to the pods that were there.
    const plain = await forwardPort(kubectl, NAMESPACE, `service/${NAME}-gateway`);
    const problem = `Secret ${SECRET} does not hold tls.crt and tls.key: create it, of type kubernetes.io/tls`;
    await eventually(async () => expect((await condition('Degraded'))?.message).toContain(problem), 120);
    expect(await condition('GatewayReady')).toMatchObject({ status: 'True' });
    expect((await new AuthClient(plain.url).verify(tokens.access_token)).status).toBe(200);
    plain.close();
  });

  clusterTest('is taken up when it comes: the gateway then speaks TLS', async () => {
    await createCertificate();
    await readyAuthCluster();
    await eventually(async () => expect(await statusOverTls(`${client.url}/health`)).toBe(200), 60);
    expect(await condition('Degraded')).toMatchObject({ status: 'False' });
  });
});
