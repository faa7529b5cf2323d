import type { AuthCluster } from '../../api/authcluster.ts';
import { block } from './blocks.ts';

/**
 * Who a client is: `$remote_addr` and `$client_scheme`, taken from headers only where the connection comes from a
 * trusted proxy, and `$client_network`, by which requests are limited. What speaks the PROXY protocol passes HTTP on as it
 * comes: its headers are the client's.
 */
export function clientAddress(cluster: AuthCluster): string[] {
  const { trustedProxies: trusted = [], expose } = cluster.spec.gateway;
  const header = expose.proxyProtocol ? 'proxy_protocol' : 'X-Forwarded-For';
  return [
    ...trusted.map((network) => `set_real_ip_from ${network};`),
    ...(trusted.length === 0 ? [] : [`real_ip_header ${header};`, 'real_ip_recursive on;']),
    isAmong('$realip_remote_addr', expose.proxyProtocol ? [] : trusted, '$behind_trusted_proxy'),
    block('map "$behind_trusted_proxy:$http_x_forwarded_proto" $client_scheme', [
      'default $scheme;',
      '"1:https" https;',
    ]),
    CLIENT_NETWORK,
  ];
}

/** In bytes: the /24 of an IPv4 address, also of one that comes as ::ffff:192.0.2.1, and the /64 of an IPv6 address. */
const CLIENT_NETWORK = block('map $binary_remote_addr $client_network', [
  'default $binary_remote_addr;',
  '"~(?s)^(?<v4>.{3}).$" $v4;',
  '"~(?s)^\\x00{10}\\xff\\xff(?<mapped>.{3}).$" $mapped;',
  '"~(?s)^(?<v6>.{8}).{8}$" $v6;',
]);

/** Sets `variable` to 1 where the address is in one of the networks, else to 0. */
export function isAmong(address: string, networks: readonly string[], variable: string): string {
  return block(`geo ${address} ${variable}`, ['default 0;', ...networks.map((network) => `${network} 1;`)]);
}
