import type { IncomingMessage } from 'node:http';
import { type BlockList, isIP } from 'node:net';
import { clientNetwork } from '../limits/client-network.ts';

/**
 * Whose request this is: the last address of X-Forwarded-For that is no proxy of ours, and only if the connection came
 * from one of ours. What stands left of it, the client may have written.
 */
export function clientAddress(
  remoteAddress: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: BlockList,
): string | undefined {
  let address = remoteAddress === undefined ? undefined : bare(remoteAddress);
  const hops = (forwardedFor ?? '').split(',').map((hop) => bare(hop.trim()));
  while (address !== undefined && isTrusted(address, trustedProxies)) {
    const hop = hops.pop();
    if (hop === undefined || isIP(hop) === 0) break;
    address = hop;
  }
  return address;
}

export function addressOf({ socket, headers }: IncomingMessage, trustedProxies: BlockList): string | undefined {
  const forwardedFor = headers['x-forwarded-for'];
  const hops = typeof forwardedFor === 'string' ? forwardedFor : forwardedFor?.join(',');
  return clientAddress(socket.remoteAddress, hops, trustedProxies);
}

/** The network of a client that can be told from others: not one behind our own proxies and networks. */
export function networkOf(address: string | undefined, trustedProxies: BlockList): string | undefined {
  return address !== undefined && isTrusted(address, trustedProxies) ? undefined : clientNetwork(address);
}

function isTrusted(address: string, trustedProxies: BlockList): boolean {
  return trustedProxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/**
 * As PostgreSQL takes it. A socket that listens on both families shows an IPv4 client as ::ffff:192.0.2.1, and a neighbour on
 * its link as fe80::1%eth0.
 */
function bare(address: string): string {
  const [withoutZone = ''] = address.split('%', 1);
  return withoutZone.startsWith('::ffff:') && withoutZone.includes('.')
    ? withoutZone.slice('::ffff:'.length)
    : withoutZone;
}
