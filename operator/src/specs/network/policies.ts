import { isIPv4 } from 'node:net';
import type { AuthCluster } from '../../api/authcluster.ts';
import { mailDestination } from '../auth-api/mail.ts';
import { terminatesTls } from '../gateway/tls.ts';
import type { BuilderInputs } from '../inputs.ts';
import type { Manifest } from '../manifest.ts';
import { instanceMetadata, instanceSelector, ownedMetadata, selector } from '../metadata.ts';
import { isPoolerWatched } from '../monitoring/exporters.ts';
import { type Component, names, PORTS } from '../names.ts';
import { type PostgresServers, primaryServer, replicaServers } from '../postgres/servers.ts';
import { type Destination, destinationOfUrl } from './destination.ts';

/** A rule's peer, as NetworkPolicy has it. */
type Peer = object;

interface Opening {
  /** Left out: anybody. */
  peers?: readonly Peer[];
  ports: readonly object[];
}

interface Arrows {
  ingress: readonly Opening[];
  egress: readonly Opening[];
}

/**
 * Nothing reaches a pod of this AuthCluster, and it reaches nothing, but along the arrows of the architecture: one
 * policy that selects every pod and allows nothing, and one for each component with what it needs. Kubelets' probes
 * pass regardless.
 */
export function networkPolicies(cluster: AuthCluster, { operatorNamespace }: NetworkInputs): Manifest[] {
  if (!cluster.spec.networkPolicy.enabled) return [];
  const { api, gateway, postgres, redis } = cluster.spec;
  const absent = [
    ...(gateway.enabled ? [] : ['gateway']),
    ...(api.cache.warming.enabled ? [] : ['warming']),
    ...(postgres.mode === 'Managed' ? [] : ['postgres']),
    ...(redis.mode === 'Managed' ? [] : ['redis']),
  ];
  const present = Object.entries(arrows(cluster, operatorNamespace)).filter(([each]) => !absent.includes(each));
  return [defaultDeny(cluster), ...present.map(([component, each]) => policy(cluster, component as Component, each))];
}

type NetworkInputs = Pick<BuilderInputs, 'operatorNamespace'>;

/** Who talks to whom. Each arrow is written twice, since both ends must allow it. */
function arrows(cluster: AuthCluster, operatorNamespace: string): Readonly<Record<Component, Arrows>> {
  const to = (...components: readonly Component[]) => components.map((each) => componentPeer(cluster, each));
  const operator = operatorPeer(operatorNamespace);
  const scrapers = scraperPeers(cluster);
  const scraped = (port: number): Opening[] => (scrapers.length === 0 ? [] : [opening(scrapers, port)]);
  const exporter = (port: number) =>
    cluster.spec.monitoring.enabled ? [opening([operator], PORTS.exporterLogin), ...scraped(port)] : [];
  const poolerExporter = isPoolerWatched(cluster) ? exporter(PORTS.pgbouncerExporter) : [];
  const { postgres, patroni, redis, redisBus, authApi, authApiOps, gateway, gatewayTls, gatewayOps } = PORTS;
  const dataTiers = [opening(to('pooler-rw', 'pooler-ro'), postgres), toRedis(cluster)];
  const primary = primaryServer(cluster);
  const dns = resolver(cluster);
  return {
    postgres: {
      ingress: [
        opening([...to('pooler-rw', 'pooler-ro', 'migrations'), operator], postgres),
        opening(to('postgres'), postgres, patroni),
        opening([operator], patroni),
        ...exporter(PORTS.postgresExporter),
      ],
      egress: [opening(to('postgres'), postgres, patroni), apiServer(cluster), dns],
    },
    'pooler-rw': pooler(cluster, operator, primary, poolerExporter),
    'pooler-ro': pooler(cluster, operator, replicaServers(cluster) ?? primary, poolerExporter),
    redis: {
      ingress: [
        opening([...to('auth-api', 'warming'), operator], redis),
        opening(to('redis'), redis, redisBus),
        ...exporter(PORTS.redisExporter),
      ],
      egress: [opening(to('redis'), redis, redisBus), dns],
    },
    migrations: { ingress: [], egress: [toServers(cluster, primary), dns] },
    'auth-api': {
      ingress: [
        // Without a gateway the API's own Service is what applications call.
        cluster.spec.gateway.enabled ? opening([...to('gateway'), operator], authApi) : anybody(authApi),
        opening([operator, ...scrapers], authApiOps),
      ],
      egress: [...dataTiers, ...traces(cluster), ...mail(cluster), dns],
    },
    warming: { ingress: [], egress: [...dataTiers, dns] },
    gateway: {
      ingress: [anybody(gateway, ...(terminatesTls(cluster) ? [gatewayTls] : [])), ...scraped(gatewayOps)],
      egress: [opening(to('auth-api'), authApi), dns],
    },
  };
}

function pooler(cluster: AuthCluster, operator: Peer, servers: PostgresServers, scraped: readonly Opening[]): Arrows {
  return {
    ingress: [
      opening([componentPeer(cluster, 'auth-api'), componentPeer(cluster, 'warming'), operator], PORTS.postgres),
      ...scraped,
    ],
    egress: [toServers(cluster, servers), resolver(cluster)],
  };
}

function traces(cluster: AuthCluster): Opening[] {
  const { tracing } = cluster.spec.api;
  return tracing === undefined ? [] : [toDestination(destinationOfUrl(cluster, tracing.endpoint))];
}

function mail(cluster: AuthCluster): Opening[] {
  const to = mailDestination(cluster);
  return to === undefined ? [] : [toDestination(to)];
}

function toDestination({ namespace, port }: Destination): Opening {
  return namespace === undefined ? anybody(port) : opening([podsIn(namespace, undefined)], port);
}

/** Our database, or where somebody else's is: a policy knows no names, so that of a name only the port can be told. */
function toServers(cluster: AuthCluster, { hosts, port }: PostgresServers): Opening {
  if (cluster.spec.postgres.mode === 'Managed') return opening([componentPeer(cluster, 'postgres')], port);
  return toAddresses(hosts.map((host) => ({ host, port })));
}

function toRedis(cluster: AuthCluster): Opening {
  const { external } = cluster.spec.redis;
  return external === undefined
    ? opening([componentPeer(cluster, 'redis')], PORTS.redis)
    : // Nodes of a cluster that are not named have addresses of their own.
      toAddresses(external.endpoints, external.topology === 'Single');
}

/** `known`: whether these are all addresses there are. */
function toAddresses(addresses: readonly { host: string; port: number }[], known = true): Opening {
  const ports = [...new Set(addresses.map(({ port }) => port))];
  const hosts = addresses.map(({ host }) => host);
  const peers =
    known && hosts.every((host) => isIPv4(host)) ? hosts.map((host) => ({ ipBlock: { cidr: `${host}/32` } })) : [];
  return peers.length > 0 ? opening(peers, ...ports) : anybody(...ports);
}

function opening(peers: readonly Peer[], ...ports: readonly number[]): Opening {
  return { peers, ...anybody(...ports) };
}

function anybody(...ports: readonly number[]): Opening {
  return { ports: ports.map((port) => ({ protocol: 'TCP', port })) };
}

/**
 * To wherever the cluster's resolver is: a Service's pods, or an address of the node itself. A narrower rule would
 * keep no secret in, since a resolver asks the world on behalf of whoever asks it.
 */
function resolver({ spec: { networkPolicy } }: AuthCluster): Opening {
  return {
    ports: networkPolicy.dnsPorts.flatMap((port) => [
      { protocol: 'UDP', port },
      { protocol: 'TCP', port },
    ]),
  };
}

/**
 * For Patroni. The API server is no pod, its addresses are not known beforehand, and some network plugins take no
 * address of a node for an IP block: the ports are what can be told.
 */
function apiServer({ spec: { networkPolicy } }: AuthCluster): Opening {
  return anybody(...networkPolicy.apiServerPorts);
}

function componentPeer(cluster: AuthCluster, component: Component): Peer {
  return { podSelector: { matchLabels: selector(cluster, component) } };
}

function operatorPeer(namespace: string): Peer {
  return podsIn(namespace, { 'app.kubernetes.io/name': 'authcluster-operator' });
}

function scraperPeers(cluster: AuthCluster): Peer[] {
  const { scrapers = [] } = cluster.spec.networkPolicy;
  return scrapers.map(({ namespace, podLabels }) => podsIn(namespace, podLabels));
}

function podsIn(namespace: string, matchLabels: Record<string, string> | undefined): Peer {
  return {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    ...(matchLabels === undefined ? {} : { podSelector: { matchLabels } }),
  };
}

function defaultDeny(cluster: AuthCluster): Manifest {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: instanceMetadata(cluster, names(cluster).defaultDeny),
    spec: { podSelector: { matchLabels: instanceSelector(cluster) }, policyTypes: ['Ingress', 'Egress'] },
  };
}

function policy(cluster: AuthCluster, component: Component, { ingress, egress }: Arrows): Manifest {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: ownedMetadata(cluster, component, `${cluster.metadata.name}-${component}`),
    spec: {
      podSelector: { matchLabels: selector(cluster, component) },
      policyTypes: ['Ingress', 'Egress'],
      ...rules('ingress', 'from', ingress),
      ...rules('egress', 'to', egress),
    },
  };
}

/** No rule at all allows nothing; a rule without peers allows everybody. */
function rules(direction: string, end: 'from' | 'to', openings: readonly Opening[]): object {
  if (openings.length === 0) return {};
  return { [direction]: openings.map(({ peers, ports }) => ({ ...(peers ? { [end]: peers } : {}), ports })) };
}
