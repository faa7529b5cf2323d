import type { AuthCluster } from '../../api/authcluster.ts';

/** Where clients connect, by IPv4 and IPv6. Probes and scrapers have a server of their own, without the PROXY protocol. */
export function clientListeners({ spec }: AuthCluster, port: number, ...parameters: readonly string[]): string[] {
  const { proxyProtocol } = spec.gateway.expose;
  const all = [...parameters, 'default_server', ...(proxyProtocol ? ['proxy_protocol'] : [])].join(' ');
  return [`listen ${port} ${all};`, `listen [::]:${port} ${all};`];
}
