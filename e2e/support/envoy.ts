import { readFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';
import { forwardPort, type GatewayAddress } from '../../dev/kubernetes/gateway.ts';
import { podsOf } from './bash-pod.ts';
import { kubectl } from './cluster.ts';
import { guideBlocks } from './guide.ts';

/** Where the service is that Envoy stands before: not among the AuthCluster's pods. */
const NAMESPACE = 'authcluster-e2e-orders';
const POD = 'orders';
const PORT = 8000;
const SERVICE_PORT = 9000;

/** What a service was asked, as it tells itself. */
export interface Asked {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** A service that tells what it was asked, in one pod with an Envoy that asks the auth API as the guide has it. */
export async function startEnvoy(): Promise<GatewayAddress> {
  const image = (await readFile(new URL('../../.make/envoy-image', import.meta.url), 'utf8')).trim();
  // The nodes have it already, and it holds Node.js.
  const nodeImage = (await podsOf('auth-api'))[0]?.spec.containers[0]?.image ?? '';
  const objects = [namespace(), configuration(await bootstrap()), pod(image, nodeImage)];
  await kubectl.apply(objects.map((object) => stringify(object)).join('---\n'));
  await kubectl.run(['wait', '-n', NAMESPACE, `pod/${POD}`, '--for=condition=Ready', '--timeout=240s']);
  return forwardPort(kubectl, NAMESPACE, `pod/${POD}`, PORT);
}

export async function removeEnvoy(): Promise<void> {
  await kubectl.run(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--timeout', '120s']);
}

/** The filter and the cluster of the guide, in a proxy that leads everything to the service. */
async function bootstrap(): Promise<object> {
  const blocks = await guideBlocks('let-services-check-tokens.md', 'Have a proxy ask', 'yaml');
  const [filter, authcluster] = blocks.flatMap((block) => parse(block) as object[]);
  const router = typed('envoy.filters.http.router', 'envoy.extensions.filters.http.router.v3.Router', {});
  const routes = [{ match: { prefix: '/' }, route: { cluster: 'service' } }];
  const connections = typed(
    'envoy.filters.network.http_connection_manager',
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    {
      stat_prefix: 'http',
      route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes }] },
      http_filters: [filter, router],
    },
  );
  const listener = { address: address('0.0.0.0', PORT), filter_chains: [{ filters: [connections] }] };
  return { static_resources: { listeners: [listener], clusters: [authcluster, serviceCluster()] } };
}

function typed(name: string, type: string, fields: object): object {
  return { name, typed_config: { '@type': `type.googleapis.com/${type}`, ...fields } };
}

function address(host: string, port: number): object {
  return { socket_address: { address: host, port_value: port } };
}

function serviceCluster(): object {
  const endpoint = { address: address('127.0.0.1', SERVICE_PORT) };
  const load_assignment = { cluster_name: 'service', endpoints: [{ lb_endpoints: [{ endpoint }] }] };
  return { name: 'service', type: 'STATIC', load_assignment };
}

function namespace(): object {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels } };
}

function configuration(envoy: object): object {
  const metadata = { name: POD, namespace: NAMESPACE };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'envoy.yaml': stringify(envoy) } };
}

function pod(envoyImage: string, nodeImage: string): object {
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  const service = { name: 'service', image: nodeImage, securityContext, command: ['node', '-e', TELL] };
  const envoy = {
    ...{ name: 'envoy', image: envoyImage, securityContext },
    command: ['envoy', '--config-path', '/etc/envoy/envoy.yaml', '--concurrency', '1', '--disable-hot-restart'],
    volumeMounts: [{ name: 'configuration', mountPath: '/etc/envoy' }],
    readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 },
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: POD, namespace: NAMESPACE },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [service, envoy],
      volumes: [{ name: 'configuration', configMap: { name: POD } }],
    },
  };
}

const TELL = `
require('node:http').createServer(async (request, response) => {
  const { method, url, headers } = request;
  let body = '';
  for await (const chunk of request) body += chunk;
  response.end(JSON.stringify({ method, url, headers, body }));
}).listen(${SERVICE_PORT}, '127.0.0.1');
`;
