import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kubectl, local } from './cluster.ts';
import { eventually } from './eventually.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const NAMESPACE = 'edge';
const CLUSTER_WIDE = ['clusterrole', 'clusterrolebinding'];
/** As long as two pods of Traefik take on a busy machine. */
const ROLLOUT_TIMEOUT = '240s';

/** Traefik with its Ingress class, and without the Gateway API. Resolves with the address of its Service, once it serves. */
export async function installTraefik(): Promise<string> {
  if (!local) throw new Error('Traefik is tried in the local cluster only: it would take up what others expose');
  const manifest = await readFile(new URL('traefik.yaml', import.meta.url), 'utf8');
  await kubectl.apply(manifest.replace('TRAEFIK_IMAGE', (await written('traefik-image')).trim()));
  await rolledOut();
  return kubectl.run(['get', 'service', 'traefik', '-n', NAMESPACE, '-o', 'jsonpath={.spec.clusterIP}']);
}

/** The definitions of the Gateway API, and Traefik's class of Gateways. */
export async function installGatewayApi(): Promise<void> {
  await kubectl.apply(await written('gateway-api.yaml'));
  // A definition is served a moment after it is there.
  await eventually(() => kubectl.apply(JSON.stringify(GATEWAY_CLASS)), 60);
  // It looks for the definitions when it starts.
  await kubectl.run(['rollout', 'restart', 'deployment/traefik', '-n', NAMESPACE]);
  await rolledOut();
}

export async function uninstallTraefik(): Promise<void> {
  // It was not installed, and what has these names there is somebody else's.
  if (!local) return;
  const gone = ['--ignore-not-found', '--timeout', '120s'];
  await kubectl.run(['delete', 'namespace', NAMESPACE, ...gone]);
  await kubectl.run(['delete', '-f', definitions(), ...gone]);
  await kubectl.run(['delete', 'ingressclass', 'traefik', ...gone]);
  for (const kind of CLUSTER_WIDE) await kubectl.run(['delete', kind, 'authcluster-e2e-traefik', ...gone]);
}

const GATEWAY_CLASS = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: { name: 'traefik' },
  spec: { controllerName: 'traefik.io/gateway-controller' },
};

function rolledOut(): Promise<string> {
  return kubectl.run(['rollout', 'status', 'deployment/traefik', '-n', NAMESPACE, `--timeout=${ROLLOUT_TIMEOUT}`]);
}

/** What `make traefik` left. */
function written(name: string): Promise<string> {
  return readFile(join(ROOT, '.make', name), 'utf8');
}

function definitions(): string {
  return join(ROOT, '.make', 'gateway-api.yaml');
}
