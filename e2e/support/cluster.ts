import { readFile } from 'node:fs/promises';
import { parseAllDocuments, stringify } from 'yaml';
import { type AuthClusterObject, waitUntilReady } from '../../dev/kubernetes/auth-cluster.ts';
import { forwardPort, type GatewayAddress, publishedAddress, waitForAnswer } from '../../dev/kubernetes/gateway.ts';
import type { KubernetesObject } from '../../dev/kubernetes/kubectl.ts';
import { targetOfEnvironment } from '../../dev/kubernetes/target.ts';

export const NAMESPACE = 'authcluster-e2e';
export const NAME = 'e2e';
export const AUTH_CLUSTERS = 'authclusters.authcluster.dev';
/** Labels of pods that may read metrics. */
export const SCRAPER_LABELS = { 'e2e-role': 'scraper' };
/** Chooses what belongs to the AuthCluster of these tests. */
export const INSTANCE = `app.kubernetes.io/instance=${NAME}`;

const SAMPLE = new URL('../../manifests/samples/development.yaml', import.meta.url);
/** The spare port of kind-config.yaml: where the nodes have it, and where this machine does. */
const NODE_PORT = 30081;
const HOST_PORT = 8081;
const READY_TIMEOUT_SECONDS = 480;
const ANSWER_TIMEOUT_SECONDS = 60;

/** CONTEXT names another cluster than the local one, as for `make quickstart`. */
const target = targetOfEnvironment(process.env);
export const { kubectl, valuesFile, local } = target;

/** Fields of the spec, merged into those of the sample. */
export interface Difference {
  api?: object;
  gateway?: object;
  postgres?: object;
  redis?: object;
}

/**
 * The development sample, kept on deletion and monitored, in a namespace that enforces the restricted Pod Security Standard; with
 * another spec where one is given. What tests before have changed of it is as in the sample again.
 */
export async function applySample(difference: Difference = {}): Promise<void> {
  const { apiVersion, kind, spec } = await sampleAuthCluster();
  const expose = target.local ? { type: 'NodePort', nodePort: NODE_PORT } : { type: 'ClusterIP' };
  const namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  };
  await kubectl.apply(stringify(namespace));
  await kubectl.apply(
    stringify({
      apiVersion,
      kind,
      metadata: { name: NAME, namespace: NAMESPACE },
      spec: merged(
        {
          ...spec,
          deletionPolicy: 'Retain',
          gateway: { ...spec.gateway, expose },
          monitoring: { enabled: true },
          networkPolicy: { scrapers: [{ namespace: NAMESPACE, podLabels: SCRAPER_LABELS }] },
        },
        difference,
      ),
    }),
    'authcluster-dev',
    { force: true },
  );
}

/** Objects field by field; anything else is replaced. */
function merged(base: object, difference: object): object {
  const fields = Object.entries(difference).map(([name, value]) => {
    const former = (base as Record<string, unknown>)[name];
    return [name, isFields(former) && isFields(value) ? merged(former, value) : value];
  });
  return { ...base, ...Object.fromEntries(fields) };
}

function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export async function sampleAuthCluster() {
  const documents = parseAllDocuments(await readFile(SAMPLE, 'utf8')).map((document) => document.toJS() as unknown);
  const sample = (documents as KubernetesObject[]).find(({ kind }) => kind === 'AuthCluster');
  if (sample === undefined) throw new Error(`${SAMPLE.pathname} holds no AuthCluster`);
  return sample as AuthClusterObject & { spec: { gateway?: object; postgres?: object; redis?: object } };
}

/** Applies the sample unless it is there, and waits until it is Ready: every test file may run alone, or after any other. */
export async function readyAuthCluster(difference: Difference = {}): Promise<AuthClusterObject> {
  await applySample(difference);
  return waitUntilReady(kubectl, NAMESPACE, NAME, { timeoutSeconds: READY_TIMEOUT_SECONDS });
}

/** The AuthCluster of these tests as it is. Rejects where there is none. */
export async function authCluster<Status>(): Promise<AuthClusterObject & { status: Status }> {
  const cluster = await kubectl.find<AuthClusterObject & { status?: Status }>(NAMESPACE, AUTH_CLUSTERS, NAME);
  if (cluster?.status === undefined) throw new Error(`there is no AuthCluster ${NAME} that has a status`);
  return { ...cluster, status: cluster.status };
}

/** Merges these fields into the spec; null removes one. */
export async function changeSpec(spec: object): Promise<void> {
  const patch = JSON.stringify({ spec });
  await kubectl.run(['patch', '-n', NAMESPACE, AUTH_CLUSTERS, NAME, '--type', 'merge', '--patch', patch]);
}

/** A way to the gateway, open until it is closed, that has answered once. */
export async function openGateway(): Promise<GatewayAddress> {
  const gateway = target.local
    ? publishedAddress(HOST_PORT)
    : await forwardPort(kubectl, NAMESPACE, `service/${NAME}-gateway`);
  await waitForAnswer(gateway.url, ANSWER_TIMEOUT_SECONDS);
  return gateway;
}
