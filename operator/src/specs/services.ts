import type { AuthCluster } from '../api/authcluster.ts';
import type { Manifest } from './manifest.ts';
import { ownedMetadata, selector } from './metadata.ts';
import type { Component } from './names.ts';

export interface ServicePort {
  name: string;
  port: number;
  /** Name of the container port. */
  targetPort: string;
  nodePort?: number;
}

export interface ServiceOptions {
  component: Component;
  name: string;
  ports: readonly ServicePort[];
  /** Narrows the selection. */
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
  /** Further fields of the spec, such as its type. */
  spec?: object;
}

export function service(cluster: AuthCluster, options: ServiceOptions): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...ownedMetadata(cluster, options.component, options.name),
      ...(options.annotations === undefined || Object.keys(options.annotations).length === 0
        ? {}
        : { annotations: options.annotations }),
    },
    spec: {
      selector: { ...selector(cluster, options.component), ...options.labels },
      ports: options.ports.map((port) => ({ ...port, protocol: 'TCP' })),
      ...options.spec,
    },
  };
}

/** Names and addresses of single pods, from before they are ready: members must find each other to become so. */
export function headlessService(cluster: AuthCluster, options: ServiceOptions): Manifest {
  return service(cluster, { ...options, spec: { clusterIP: 'None', publishNotReadyAddresses: true } });
}

/** Inside the Kubernetes cluster; without the cluster's domain, which the resolver's search list adds. */
export function serviceHost(cluster: AuthCluster, name: string): string {
  return `${name}.${cluster.metadata.namespace}.svc`;
}
