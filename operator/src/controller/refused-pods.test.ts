import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubernetesObject, LiveObject } from '../kubernetes/objects.ts';
import { OperatorHarness } from '../testing/operator-harness.ts';

const OVER_QUOTA = 'pods "acme-postgres-1" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1';

let harness: OperatorHarness;
beforeEach(async () => {
  harness = new OperatorHarness();
  await harness.start();
  await harness.untilQuiet();
});
afterEach(() => harness.stop());

/** Has a workload with less pods than it should have, as the StatefulSet controller leaves it. */
function takePods(plural: string, name: string): LiveObject {
  const live = harness.server.find(plural, name) as LiveObject & { status: object };
  return harness.server.put({ ...live, status: { ...live.status, replicas: 1 } } as KubernetesObject, plural);
}

function refuse(regarding: LiveObject, note: string, agoMs = 0): void {
  const deprecatedLastTimestamp = new Date(harness.clock.now() - agoMs).toISOString();
  const { uid } = regarding.metadata;
  const metadata = { name: `event-${uid}-${agoMs}`, namespace: 'auth' };
  const said = { type: 'Warning', reason: 'FailedCreate', note, deprecatedLastTimestamp };
  harness.server.put(
    { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata, regarding: { uid }, ...said } as KubernetesObject,
    'events',
  );
}

function degraded() {
  return harness.status()?.conditions?.find(({ type }) => type === 'Degraded');
}

describe('pods that the API server refuses', () => {
  test('are told with its words and the next thing to do, until they are there', async () => {
    refuse(takePods('statefulsets', 'acme-postgres'), OVER_QUOTA);
    await harness.pass();
    expect(degraded()).toMatchObject({ status: 'True', reason: 'QuotaExceeded' });
    expect(degraded()?.message).toBe(
      `StatefulSet acme-postgres does not get its pods: ${OVER_QUOTA}. ` +
        'Next: raise the ResourceQuota of the namespace, or ask for less: fewer pods, smaller resources',
    );
    harness.runWorkloads();
    await harness.pass();
    expect(degraded()).toMatchObject({ status: 'False' });
  });

  test('are told while the AuthCluster is paused, and so is that they are there', async () => {
    const live = takePods('statefulsets', 'acme-postgres');
    harness.change({ paused: true });
    await harness.pass();
    expect(degraded()).toMatchObject({ status: 'False' });
    refuse(live, OVER_QUOTA);
    await harness.pass();
    expect(degraded()).toMatchObject({ status: 'True', reason: 'QuotaExceeded' });
    harness.runWorkloads();
    await harness.pass();
    expect(degraded()).toMatchObject({ status: 'False' });
  });

  test('are told with the newest words', async () => {
    const redis = takePods('statefulsets', 'acme-redis-0');
    refuse(redis, 'violates PodSecurity "restricted:latest"');
    refuse(redis, OVER_QUOTA, 60_000);
    await harness.pass();
    expect(degraded()).toMatchObject({
      reason: 'PodsRefused',
      message: expect.stringContaining('violates PodSecurity'),
    });
  });

  test('are not told by an event from before, nor by one about another object of the name', async () => {
    const live = takePods('statefulsets', 'acme-postgres');
    refuse(live, OVER_QUOTA, 1_300_000);
    refuse({ ...live, metadata: { ...live.metadata, uid: 'former' } }, OVER_QUOTA);
    await harness.pass();
    expect(degraded()).toMatchObject({ status: 'False' });
  });

  test('are not asked about where none are lacking', async () => {
    harness.server.accesses.clear();
    await harness.pass();
    expect([...harness.server.accesses].filter((access) => access.includes('events'))).toEqual([]);
  });

  test('do not keep words without end', async () => {
    refuse(takePods('statefulsets', 'acme-postgres'), 'no '.repeat(5000));
    await harness.pass();
    expect(degraded()?.message.length).toBeLessThan(1400);
  });
});
