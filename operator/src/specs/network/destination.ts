import type { AuthCluster } from '../../api/authcluster.ts';

/** Something beyond the AuthCluster that its pods connect to. */
export interface Destination {
  /** Where its pods are; undefined: outside of the Kubernetes cluster, or nobody knows. */
  namespace: string | undefined;
  port: number;
}

/** Of a Service the port is taken for that of its pods, which is what policies are about. */
export function destination({ metadata }: AuthCluster, host: string, port: number): Destination {
  const [, ofService] = /^[^.]+\.([^.]+)\.svc(?:\.|$)/.exec(host) ?? [];
  const isBareName = /^[a-z][-a-z0-9]*$/.test(host);
  return { namespace: ofService ?? (isBareName ? metadata.namespace : undefined), port };
}

export function destinationOfUrl(cluster: AuthCluster, url: string): Destination {
  const { hostname, port, protocol } = new URL(url);
  return destination(cluster, hostname, port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port));
}
