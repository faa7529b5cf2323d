import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { runCommand } from '../../dev/command.ts';
import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import { deletePod } from '../support/bash-pod.ts';
import {
  CERT_MANAGER,
  createClusterIssuer,
  installCertManager,
  renew,
  uninstallCertManager,
} from '../support/cert-manager.ts';
import { kubectl, NAMESPACE } from '../support/cluster.ts';
import { clusterTest, withDiagnosis } from '../support/cluster-test.ts';
import { eventually } from '../support/eventually.ts';
import {
  condition,
  expectServed,
  expose,
  exposeAs,
  GATEWAY,
  HOSTNAME,
  namedAuthCluster,
  readyAgain,
} from '../support/exposed.ts';
import { SET_UP_TIMEOUT_MS } from '../support/gateway-client.ts';
import { PodClient } from '../support/pod-client.ts';
import { underSteadyLoad } from '../support/steady-load.ts';

/** As the guide has them. */
const [SECRET, ISSUER] = ['auth-tls', 'letsencrypt'];
/** Of the authority: for the issuer, and for the client. */
const AUTHORITY = 'authority';
/** As the guide promises; kubelets read a Secret once a minute. */
const TAKEN_UP_SECONDS = 130;

let pod: PodClient;

beforeAll(
  () =>
    withDiagnosis(async () => {
      await namedAuthCluster();
      await createAuthority();
      const ip = await kubectl.run(['get', 'service', '-n', NAMESPACE, GATEWAY, '-o', 'jsonpath={.spec.clusterIP}']);
      pod = await PodClient.start({ name: 'client', hosts: { ip, hostnames: [HOSTNAME] }, trust: AUTHORITY });
    }),
  SET_UP_TIMEOUT_MS,
);
afterAll(async () => {
  await expose({ expose: { type: 'ClusterIP' } });
  await readyAgain();
  await deletePod('client');
  await uninstallCertManager();
  await kubectl.run(['delete', 'secret', '-n', NAMESPACE, SECRET, AUTHORITY, '--ignore-not-found']);
}, SET_UP_TIMEOUT_MS);

/** The key stays with cert-manager, whose namespace is made for it; whoever is to trust it has the certificate. */
async function createAuthority(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'authcluster-e2e-'));
  const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  await runCommand('openssl', ['req', '-x509', ...algorithm, '-subj', '/CN=authority', '-keyout', key, '-out', cert]);
  await kubectl.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: CERT_MANAGER } }));
  await kubectl.run(['create', 'secret', 'tls', AUTHORITY, '-n', CERT_MANAGER, `--cert=${cert}`, `--key=${key}`]);
  await kubectl.run(['create', 'secret', 'generic', AUTHORITY, '-n', NAMESPACE, `--from-file=tls.crt=${cert}`]);
}

async function certificate(): Promise<string | undefined> {
  const secret = await kubectl.find<KubernetesObject & { data: Record<string, string> }>(NAMESPACE, 'secret', SECRET);
  return secret?.data['tls.crt'];
}

/** The number of the certificate that the gateway shows. */
function shownSerial(): Promise<string> {
  return pod.run(`
    const { connect } = await import('node:tls');
    const socket = connect({ host: '${HOSTNAME}', servername: '${HOSTNAME}', port: 443 }, () => {
      console.log(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
  `);
}

/** Requests from one connection to the next, with the certificate checked by each, until the gateway shows another one. */
async function withoutAFailedRequest(change: () => Promise<unknown>): Promise<void> {
  const before = await shownSerial();
  const load = await underSteadyLoad(
    { clients: 2, pauseMilliseconds: 100 },
    async () => {
      const { status } = await pod.fetch(`https://${HOSTNAME}/verify`);
      return status === 401 ? undefined : `/verify answered ${status}`;
    },
    async () => {
      await change();
      await eventually(async () => expect(await shownSerial()).not.toBe(before), TAKEN_UP_SECONDS);
    },
  );
  expect(load.failures).toEqual([]);
  expect(load.requests).toBeGreaterThan(20);
}

describe('a certificate by cert-manager', () => {
  clusterTest('is not asked for where cert-manager is not installed, which is told', async () => {
    await exposeAs('With TLS');
    await eventually(async () => expect((await condition('Degraded'))?.reason).toBe('ExtensionMissing'), 120);
    expect((await condition('Degraded'))?.message).toContain('cert-manager is not installed');
    expect((await pod.fetch(`http://${HOSTNAME}/verify`)).status).toBe(401);
  });

  clusterTest(
    'is waited for while there is no issuer, which is told with its name; what served before serves',
    async () => {
      await installCertManager();
      await eventually(
        async () => expect((await condition('Degraded'))?.reason).toBe('CertificateNotIssued'),
        TAKEN_UP_SECONDS,
      );
      expect((await condition('Degraded'))?.message).toContain(`ClusterIssuer ${ISSUER}`);
      expect(await condition('GatewayReady')).toMatchObject({ status: 'True' });
      expect((await pod.fetch(`http://${HOSTNAME}/verify`)).status).toBe(401);
    },
  );

  clusterTest('is taken up once it is issued: whoever trusts its authority logs in by https', async () => {
    await createClusterIssuer(ISSUER, AUTHORITY);
    await readyAgain();
    await expectServed(pod);
    expect(await condition('Degraded')).toMatchObject({ status: 'False' });
  });

  clusterTest('is renewed, with another key, without a failed request', async () => {
    await withoutAFailedRequest(() => renew(NAMESPACE, GATEWAY));
  });

  clusterTest('is issued again where its Secret is deleted, without a failed request', async () => {
    const before = await certificate();
    await withoutAFailedRequest(() => kubectl.run(['delete', 'secret', '-n', NAMESPACE, SECRET]));
    expect(await certificate()).not.toBe(before);
    await readyAgain();
  });

  clusterTest('is not asked for any more where the spec has no TLS', async () => {
    await expose({ expose: { type: 'ClusterIP' } });
    await readyAgain();
    await eventually(async () => expect(await kubectl.find(NAMESPACE, 'certificate', GATEWAY)).toBeUndefined(), 60);
  });
});
