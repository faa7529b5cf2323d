import { isIPv4, isIPv6 } from 'node:net';

const unknownNetwork = 'unknown';
const mappedIPv4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * The network by which a client is limited: an IPv4 address alone, since many people share one already; a /64 of IPv6,
 * which a single client can have to itself. What is no address shares one network.
 */
export function clientNetwork(address: string | undefined): string {
  const [bare = ''] = (address ?? '').split('%');
  const ipv4 = mappedIPv4.exec(bare)?.[1] ?? bare;
  if (isIPv4(ipv4)) return `${ipv4}/32`;
  if (!isIPv6(bare)) return unknownNetwork;
  return `${ipv6Groups(bare).slice(0, 4).join(':')}::/64`;
}

/** The eight groups, lower case, without leading zeros. */
function ipv6Groups(address: string): string[] {
  const [head = '', tail] = address.toLowerCase().split('::');
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...(tail === undefined ? [] : zeros), ...after].map((group) => group.replace(/^0+(?=.)/, ''));
}

/** A dotted ending stands for two groups; which they are does not matter to a /64. */
function groups(text: string): string[] {
  return text.split(':').flatMap((group) => (group === '' ? [] : group.includes('.') ? ['0', '0'] : [group]));
}
