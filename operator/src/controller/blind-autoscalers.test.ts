import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LiveObject } from '../kubernetes/objects.ts';
import { OperatorHarness } from '../testing/operator-harness.ts';

const MINUTE_MS = 60_000;
const SPEC = { postgres: { pooler: { autoscaling: { enabled: true } } } };
const BROKEN = {
  status: 'False',
  reason: 'FailedGetResourceMetric',
  message: 'unable to get metrics for resource cpu',
};

let harness: OperatorHarness;

beforeEach(async () => {
  harness = new OperatorHarness(SPEC);
  await harness.start();
  await harness.untilQuiet();
});

afterEach(() => harness.stop());

/** What Kubernetes tells of the autoscaler from now on. */
async function tell(name: string, condition: object): Promise<void> {
  const autoscaler = harness.server.find('horizontalpodautoscalers', name);
  const since = new Date(harness.clock.now()).toISOString();
  const conditions = [
    { type: 'AbleToScale', status: 'True' },
    { type: 'ScalingActive', lastTransitionTime: since, ...condition },
  ];
  harness.server.put({ ...autoscaler, status: { conditions } } as LiveObject, 'horizontalpodautoscalers');
  await harness.untilQuiet();
}

async function after(minutes: number): Promise<Record<string, string>> {
  harness.clock.advance(minutes * MINUTE_MS);
  await harness.untilQuiet();
  const { conditions = [] } = harness.status() ?? {};
  return Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
}

describe('an autoscaler that cannot measure', () => {
  test.each([
    ['acme-api', 'ApiReady'],
    ['acme-gateway', 'GatewayReady'],
    ['acme-pooler-rw', 'PoolerReady'],
  ])('is told of %s by %s after minutes, and costs Ready nothing', async (name, type) => {
    await tell(name, BROKEN);
    expect(await after(4)).toMatchObject({ Degraded: 'False AsDeclared', [type]: 'True Ready' });
    expect(await after(2)).toMatchObject({
      Ready: 'True Ready',
      Progressing: 'False Settled',
      Degraded: 'True AutoscalerBlind',
      [type]: 'True AutoscalerBlind',
    });
    await tell(name, { status: 'True', reason: 'ValidMetricFound' });
    expect(await after(0)).toMatchObject({ Degraded: 'False AsDeclared', [type]: 'True Ready' });
  });

  test('says nothing where it was switched off, by setting the pods to none', async () => {
    await tell('acme-api', { status: 'False', reason: 'ScalingDisabled' });
    expect(await after(60)).toMatchObject({ Degraded: 'False AsDeclared', ApiReady: 'True Ready' });
  });

  test('holds nothing up, and says nothing over what does', async () => {
    await tell('acme-pooler-rw', BROKEN);
    harness.check = { kind: 'failed', message: 'answers 503' };
    harness.change({ ...SPEC, api: { image: 'registry.example/auth-api:next' } });
    expect(await after(10)).toMatchObject({ Progressing: 'False Blocked', Degraded: 'True RolloutStuck' });
    harness.check = { kind: 'passed' };
    expect(await after(0)).toMatchObject({ Progressing: 'True RolloutBaking', Degraded: 'True AutoscalerBlind' });
  });

  test('says nothing of pods that sleep', async () => {
    await tell('acme-api', BROKEN);
    harness.change({ hibernated: true });
    expect(await after(10)).toMatchObject({ Degraded: 'False AsDeclared', ApiReady: 'False Hibernated' });
  });
});
