import type { AuthCluster } from '../../api/authcluster.ts';
import type { Manifest } from '../manifest.ts';
import { ownedMetadata } from '../metadata.ts';
import { names } from '../names.ts';
import { type ServicePort, service } from '../services.ts';
import { terminatesTls } from './tls.ts';

/** What leads clients to the gateway: its Service, an Ingress or an HTTPRoute before it, and a Certificate. */
export function exposure(cluster: AuthCluster): Manifest[] {
  const { expose, tls } = cluster.spec.gateway;
  return [
    gatewayService(cluster),
    ...(expose.type === 'Ingress' ? [ingress(cluster)] : []),
    ...(expose.type === 'HTTPRoute' ? [httpRoute(cluster)] : []),
    ...(tls?.issuerRef === undefined ? [] : [certificate(cluster)]),
  ];
}

function gatewayService(cluster: AuthCluster): Manifest {
  const { type, nodePort, className, annotations } = cluster.spec.gateway.expose;
  const isInFront = type !== 'Ingress' && type !== 'HTTPRoute';
  const main: ServicePort = terminatesTls(cluster)
    ? { name: 'https', port: 443, targetPort: 'https' }
    : { name: 'http', port: 80, targetPort: 'http' };
  return service(cluster, {
    component: 'gateway',
    name: names(cluster).gateway,
    ports: [
      { ...main, ...(nodePort === undefined ? {} : { nodePort }) },
      ...(main.name === 'https' ? [{ name: 'http', port: 80, targetPort: 'http' }] : []),
    ],
    ...(isInFront && annotations !== undefined ? { annotations } : {}),
    spec: {
      type: isInFront ? type : 'ClusterIP',
      // Load balancers ask nodes where pods are, so the client's address can be kept; a node port's clients do not.
      ...(type === 'LoadBalancer' ? { externalTrafficPolicy: 'Local' } : {}),
      ...(type === 'LoadBalancer' && className !== undefined ? { loadBalancerClass: className } : {}),
    },
  });
}

function ingress(cluster: AuthCluster): Manifest {
  const { expose, tls } = cluster.spec.gateway;
  const { hostnames = [], className } = expose;
  const backend = { service: { name: names(cluster).gateway, port: { name: 'http' } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: exposureMetadata(cluster),
    spec: {
      ...(className === undefined ? {} : { ingressClassName: className }),
      ...(tls === undefined ? {} : { tls: [{ hosts: hostnames, secretName: tls.secretName }] }),
      rules: hostnames.map((host) => ({ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } })),
    },
  };
}

function httpRoute(cluster: AuthCluster): Manifest {
  const { hostnames, parentRefs = [] } = cluster.spec.gateway.expose;
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: exposureMetadata(cluster),
    spec: {
      parentRefs,
      ...(hostnames === undefined ? {} : { hostnames }),
      rules: [{ backendRefs: [{ name: names(cluster).gateway, port: 80 }] }],
    },
  };
}

/** cert-manager writes the Secret, and renews it. */
function certificate(cluster: AuthCluster): Manifest {
  const { expose, tls } = cluster.spec.gateway;
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: ownedMetadata(cluster, 'gateway', names(cluster).gateway),
    spec: {
      secretName: tls?.secretName,
      dnsNames: expose.hostnames ?? [],
      issuerRef: tls?.issuerRef,
      privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
    },
  };
}

function exposureMetadata(cluster: AuthCluster): Manifest['metadata'] {
  const { annotations } = cluster.spec.gateway.expose;
  return {
    ...ownedMetadata(cluster, 'gateway', names(cluster).gateway),
    ...(annotations === undefined ? {} : { annotations }),
  };
}
