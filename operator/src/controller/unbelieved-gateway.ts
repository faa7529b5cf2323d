import { BlockList, isIPv6 } from 'node:net';
import type { AuthCluster } from '../api/authcluster.ts';
import type { Pod } from '../kubernetes/objects.ts';
import type { Trouble } from '../status/observed.ts';
import type { Reason } from '../status/reasons.ts';

const REASON = 'GatewayNotBelieved' satisfies Reason;

/** A pod of the gateway where the auth API does not take its word for who a client is: all clients of it are one there. */
export function unbelievedGateway({ spec }: AuthCluster, pods: readonly Pod[]): Trouble | undefined {
  const networks: readonly string[] | undefined = spec.api.clusterNetworks;
  // Without networks the definition is older than this operator: that is told by what fails for it.
  if (!spec.gateway.enabled || networks === undefined) return undefined;
  const believed = blockList(networks);
  for (const { metadata, status } of pods) {
    const address = status?.podIP;
    if (address === undefined || believed.check(address, familyOf(address))) continue;
    const message =
      `pod ${metadata.name} has the address ${address}, which is in none of api.clusterNetworks: the auth API takes it for ` +
      'the client of every request, and all clients share one limit. Next: add the network of the pods there';
    return { reason: REASON, message };
  }
  return undefined;
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    list.addSubnet(address, Number(prefix), familyOf(address));
  }
  return list;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
