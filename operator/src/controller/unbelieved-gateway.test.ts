import { describe, expect, test } from '@jest/globals';
import type { Pod } from '../kubernetes/objects.ts';
import { OperatorHarness } from '../testing/operator-harness.ts';
import { clusterWith } from '../testing/sample-clusters.ts';
import { unbelievedGateway } from './unbelieved-gateway.ts';

function podAt(podIP: string | undefined): Pod {
  const metadata = { name: 'acme-gateway-7', namespace: 'auth', uid: 'u', resourceVersion: '1' };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: {}, status: podIP === undefined ? {} : { podIP } };
}

describe('a gateway that the auth API does not believe', () => {
  test.each([
    ['10.244.3.7', {}, false],
    ['fd00:10:244::7', {}, false],
    [undefined, {}, false],
    ['240.0.3.7', {}, true],
    ['240.0.3.7', { api: { clusterNetworks: ['240.0.0.0/4'] } }, false],
    ['2001:db8::7', {}, true],
    ['2001:db8::7', { api: { clusterNetworks: ['10.0.0.0/8', '2001:db8::/64'] } }, false],
    ['2001:db8::7', { gateway: { enabled: false } }, false],
  ])('is found by the address %s with %j: %s', (address, spec, isFound) => {
    expect(unbelievedGateway(clusterWith(spec), [podAt(address)]) !== undefined).toBe(isFound);
  });

  test('is not looked for by a definition of an earlier release, which gives no networks', () => {
    const cluster = clusterWith({});
    Reflect.deleteProperty(cluster.spec.api, 'clusterNetworks');
    expect(unbelievedGateway(cluster, [podAt('240.0.3.7')])).toBeUndefined();
  });

  test('is told until the spec names its network, and costs Ready nothing', async () => {
    const harness = new OperatorHarness({ api: { clusterNetworks: ['240.0.0.0/4'] } });
    harness.hasPods = true;
    await harness.start();
    const conditions = async () => {
      await harness.untilQuiet();
      const { conditions = [] } = harness.status() ?? {};
      return Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
    };
    expect(await conditions()).toMatchObject({
      Ready: 'True Ready',
      Degraded: 'True GatewayNotBelieved',
      GatewayReady: 'True GatewayNotBelieved',
    });
    harness.change({ api: { clusterNetworks: ['10.0.0.0/8'] } });
    harness.clock.advance(3_600_000);
    expect(await conditions()).toMatchObject({ GatewayReady: 'True Ready' });
    harness.stop();
  });
});
