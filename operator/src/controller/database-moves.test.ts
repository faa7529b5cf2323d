import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubernetesObject, LiveObject } from '../kubernetes/objects.ts';
import { OperatorHarness } from '../testing/operator-harness.ts';

const TARGET = 'acme-postgres-1';

let harness: OperatorHarness;
beforeEach(async () => {
  harness = new OperatorHarness();
  harness.hasPods = true;
  await harness.start();
  await harness.untilQuiet();
  standby(TARGET);
  harness.annotate({ 'authcluster.dev/switchover': TARGET });
  await harness.pass();
});
afterEach(() => harness.stop());

/** Patroni's word for who has every commit. */
function standby(pod: string): void {
  const leader = harness.server.find('configmaps', 'acme-postgres-leader') as LiveObject;
  const metadata = { ...leader.metadata, name: 'acme-postgres-sync', annotations: { sync_standby: pod } };
  harness.server.put({ ...leader, metadata } as KubernetesObject, 'configmaps');
}

function poolerPod(name: string, ready: boolean): KubernetesObject {
  const pod = harness.server.find('pods', 'acme-pooler-rw-0') as LiveObject;
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
  const status = { phase: 'Running', podIP: '10.0.1.2', conditions };
  return { ...pod, metadata: { ...pod.metadata, name, uid: name }, status } as KubernetesObject;
}

const held = () => harness.scene?.poolers().map(({ metadata }) => metadata.name);

describe('a switchover that was decided upon', () => {
  test('holds writes back at the poolers that there are when it is begun', async () => {
    expect(harness.moves.at(-1)).toMatchObject({ kind: 'switchover', to: TARGET });
    expect(held()).toEqual(['acme-pooler-rw-0']);
    harness.server.put(poolerPod('acme-pooler-rw-1', true), 'pods');
    await harness.settle();
    expect(held()).toEqual(['acme-pooler-rw-0', 'acme-pooler-rw-1']);
  });

  test('is not begun when a pooler has come meanwhile that cannot hold them back yet', async () => {
    harness.server.put(poolerPod('acme-pooler-rw-1', false), 'pods');
    await harness.settle();
    expect(held).toThrow('every read-write pooler that runs or starts has to be ready');
  });

  test('is not begun when the pod has fallen behind meanwhile', async () => {
    standby('acme-postgres-2');
    await harness.settle();
    expect(held).toThrow('what is to be done has changed');
  });
});
