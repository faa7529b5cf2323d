import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { runCommand } from '../../dev/command.ts';
import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import { deletePod } from '../support/bash-pod.ts';
import { kubectl, NAMESPACE } from '../support/cluster.ts';
import { clusterTest, withDiagnosis } from '../support/cluster-test.ts';
import { eventually } from '../support/eventually.ts';
import {
  condition,
  expectServed,
  expose,
  exposeAs,
  GATEWAY,
  GUIDE,
  HOSTNAME,
  LED_THERE_SECONDS,
  namedAuthCluster,
  readyAgain,
} from '../support/exposed.ts';
import { SET_UP_TIMEOUT_MS } from '../support/gateway-client.ts';
import { guideBlocks, runGuide } from '../support/guide.ts';
import { correction } from '../support/operator-release.ts';
import { PodClient } from '../support/pod-client.ts';
import { installGatewayApi, installTraefik, uninstallTraefik } from '../support/traefik.ts';

let pod: PodClient;
let folder: string;

beforeAll(
  () =>
    withDiagnosis(async () => {
      await namedAuthCluster();
      const ip = await installTraefik();
      folder = await certificateFolder();
      await runGuide((await guideBlocks(GUIDE, 'With TLS', 'sh')).join(''), folder);
      pod = await PodClient.start({ name: 'client', hosts: { ip, hostnames: [HOSTNAME] }, trust: 'auth-tls' });
    }),
  SET_UP_TIMEOUT_MS,
);
afterAll(async () => {
  await deletePod('client');
  await kubectl.run(['delete', 'secret', '-n', NAMESPACE, 'auth-tls', '--ignore-not-found']);
  await uninstallTraefik();
}, SET_UP_TIMEOUT_MS);

async function certificateFolder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'authcluster-e2e-'));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', join(made, 'tls.key')];
  const names = ['-subj', `/CN=${HOSTNAME}`, '-addext', `subjectAltName=DNS:${HOSTNAME}`];
  await runCommand('openssl', ['req', '-x509', '-days', '2', ...key, ...names, '-out', join(made, 'tls.crt')]);
  return made;
}

function exposedBy(kind: 'ingress' | 'httproute'): Promise<KubernetesObject | undefined> {
  return kubectl.find(NAMESPACE, kind, GATEWAY);
}

describe('behind Traefik', () => {
  clusterTest('an Ingress leads clients to the gateway, with its certificate', async () => {
    await exposeAs('By an Ingress');
    await readyAgain();
    await expectServed(pod);
    // The annotation of the guide.
    expect((await pod.fetch(`http://${HOSTNAME}/health`)).status).toBe(404);
  });

  clusterTest('the Ingress stays while the HTTPRoute that takes its place waits for the Gateway API', async () => {
    await exposeAs('By the Gateway API');
    await eventually(async () => expect((await condition('GatewayReady'))?.reason).toBe('ExtensionMissing'), 120);
    expect(await exposedBy('ingress')).toBeDefined();
    await expectServed(pod);
  });

  clusterTest('nor does it go where a Gateway refuses the HTTPRoute, which is told', async () => {
    await installGatewayApi();
    await runGuide('kubectl create secret tls auth-tls -n edge --cert=tls.crt --key=tls.key', folder);
    const [gateway = ''] = await guideBlocks(GUIDE, 'By the Gateway API', 'yaml');
    await kubectl.apply(gateway.replace('from: Selector', 'from: Same'));
    await eventually(async () => expect((await condition('Degraded'))?.reason).toBe('RouteRefused'), LED_THERE_SECONDS);
    expect(await exposedBy('ingress')).toBeDefined();
  });

  clusterTest('an HTTPRoute leads clients there by a Gateway that takes it, in place of the Ingress', async () => {
    const [gateway = ''] = await guideBlocks(GUIDE, 'By the Gateway API', 'yaml');
    await kubectl.apply(gateway);
    await readyAgain();
    const [look = ''] = await guideBlocks(GUIDE, 'By the Gateway API', 'sh');
    await eventually(async () => {
      const lines = (await runGuide(look, folder)).split('\n');
      expect(lines.filter((line) => /^(Accepted|ResolvedRefs)=True/.test(line))).toHaveLength(2);
    }, LED_THERE_SECONDS);
    await eventually(async () => expect(await exposedBy('ingress')).toBeUndefined(), 60);
    await expectServed(pod);
  });

  clusterTest('what the API server and Traefik add to the HTTPRoute is not written over again and again', async () => {
    const managers = async () => {
      const args = ['get', '-n', NAMESPACE, 'httproute', GATEWAY, '--show-managed-fields', '-o', 'json'];
      const { metadata } = JSON.parse(await kubectl.run(args));
      return metadata.managedFields.filter(({ subresource }: { subresource?: string }) => subresource === undefined);
    };
    const before = await managers();
    await correction();
    await correction();
    expect(await managers()).toEqual(before);
  });

  clusterTest('neither is left where the gateway is exposed in another way', async () => {
    await expose({ expose: { type: 'ClusterIP' } });
    await readyAgain();
    await eventually(async () => expect(await exposedBy('httproute')).toBeUndefined(), 60);
    expect(await exposedBy('ingress')).toBeUndefined();
  });
});
