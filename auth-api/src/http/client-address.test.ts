import { BlockList } from 'node:net';
import { expect, test } from '@jest/globals';
import { clientAddress } from './client-address.ts';

const proxies = new BlockList();
proxies.addSubnet('10.0.0.0', 8, 'ipv4');

test.each([
  ['no proxy: the connection', '198.51.100.7', '203.0.113.9', '198.51.100.7'],
  ['one proxy: what it has seen', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['what the client wrote is not believed', '10.0.0.1', '192.0.2.66, 203.0.113.9', '203.0.113.9'],
  ['two proxies', '10.0.0.1', '203.0.113.9, 10.0.0.2', '203.0.113.9'],
  ['a proxy that forwards nothing', '10.0.0.1', undefined, '10.0.0.1'],
  ['nonsense stops the walk', '10.0.0.1', '203.0.113.9, unknown', '10.0.0.1'],
  ['a neighbour, without the name of the link', 'fe80::1%eth0', undefined, 'fe80::1'],
  ['a link that somebody behind a proxy has written', '10.0.0.1', 'fe80::1%eth0, 10.0.0.2', 'fe80::1'],
  ['IPv4 mapped into IPv6', '::ffff:10.0.0.1', '2001:db8::7', '2001:db8::7'],
])('%s', (_, remote, forwarded, expected) => {
  expect(clientAddress(remote, forwarded, proxies)).toBe(expected);
});
