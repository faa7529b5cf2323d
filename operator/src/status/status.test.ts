import { describe, expect, test } from '@jest/globals';
import type { AuthCluster } from '../api/authcluster.ts';
import type { Deployment, Job, StatefulSet } from '../kubernetes/objects.ts';
import { allObjects } from '../specs/all-objects.ts';
import { observedAllReady } from '../testing/observations.ts';
import { clusterWith, SAMPLE_INPUTS, sampleCluster } from '../testing/sample-clusters.ts';
import { NOTHING_OBSERVED, type Observed } from './observed.ts';
import { statusOf, versionOf } from './status.ts';

const NOW = new Date('2026-01-02T03:04:05.678Z');
const cluster = sampleCluster('development');
const settled = observedAllReady(cluster, allObjects(cluster, SAMPLE_INPUTS));

function conditions(observed: Observed, of: AuthCluster = cluster): Record<string, string> {
  const found = statusOf(of, observed, SAMPLE_INPUTS, NOW).conditions ?? [];
  return Object.fromEntries(found.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
}

/** The settled state with one Deployment as given. */
function withDeployment(name: string, status: Partial<Deployment['status'] & object>): Observed {
  const deployments = new Map(settled.deployments);
  const live = deployments.get(name) as Deployment;
  deployments.set(name, { ...live, status: { ...live.status, ...status } });
  return { ...settled, deployments };
}

function withJob(status: Job['status'] & object): Observed {
  const [[name, job] = []] = [...settled.jobs];
  return { ...settled, jobs: new Map([[name ?? '', { ...(job as Job), status }]]) };
}

describe('the status', () => {
  test('is Ready when everything is as declared', () => {
    expect(conditions(settled)).toEqual({
      Ready: 'True Ready',
      Progressing: 'False Settled',
      Degraded: 'False AsDeclared',
      DatabaseReady: 'True Ready',
      PoolerReady: 'True Ready',
      CacheReady: 'True Ready',
      MigrationsApplied: 'True Ready',
      ApiReady: 'True Ready',
      GatewayReady: 'True Ready',
    });
  });

  test('tells what a person would ask', () => {
    expect(statusOf(cluster, settled, SAMPLE_INPUTS, NOW)).toMatchObject({
      observedGeneration: 1,
      endpoint: 'http://demo-gateway.auth.svc',
      api: { version: '1.2.3', activeColor: 'blue', readyReplicas: 8 },
      postgres: { primary: 'demo-postgres-0', ready: '1/1', synchronousStandbys: ['demo-postgres-1'] },
      pooler: { ready: '2/2', poolSize: 40, maxConnections: 100 },
      redis: { ready: '6/6', shards: 3, slotsCovered: 16_384 },
    });
  });

  test('is about the generation that was looked at', () => {
    const second = { ...cluster, metadata: { ...cluster.metadata, generation: 2 } };
    const { observedGeneration, conditions: found = [] } = statusOf(second, settled, SAMPLE_INPUTS, NOW);
    expect([observedGeneration, ...found.map((each) => each.observedGeneration)].every((each) => each === 2)).toBe(
      true,
    );
  });

  test('says nothing of a gateway that is not wanted', () => {
    const without = clusterWith({ gateway: { enabled: false } });
    const status = statusOf(without, NOTHING_OBSERVED, SAMPLE_INPUTS, NOW);
    expect(status.gateway).toBeUndefined();
    expect(status.conditions?.some(({ type }) => type === 'GatewayReady')).toBe(false);
    expect(status.endpoint).toBe('http://acme-api.auth.svc:8080');
  });
});

describe('a condition', () => {
  const previous = (status: 'True' | 'False'): AuthCluster => ({
    ...cluster,
    status: {
      conditions: [{ type: 'Ready', status, reason: 'Old', message: '', lastTransitionTime: '2025-01-01T00:00:00Z' }],
    },
  });
  const readySince = (of: AuthCluster) =>
    statusOf(of, settled, SAMPLE_INPUTS, NOW).conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;

  test('keeps its time while its status is the same, and takes the present one when it changes', () => {
    expect(readySince(previous('True'))).toBe('2025-01-01T00:00:00Z');
    expect(readySince(previous('False'))).toBe('2026-01-02T03:04:05Z');
  });
});

describe('the reason', () => {
  test('at first is that of the first tier', () => {
    expect(conditions(NOTHING_OBSERVED)).toMatchObject({
      Ready: 'False Creating',
      Progressing: 'True Creating',
      Degraded: 'False AsDeclared',
      PoolerReady: 'False WaitingForDatabase',
      ApiReady: 'False WaitingForDataTiers',
      GatewayReady: 'False WaitingForApi',
    });
  });

  test('names a missing primary', () => {
    const observed = { ...settled, patroni: { ...settled.patroni, leader: undefined } };
    expect(conditions(observed)).toMatchObject({
      Ready: 'False PrimaryMissing',
      DatabaseReady: 'False PrimaryMissing',
    });
  });

  test('names slots without a primary', () => {
    const observed = { ...settled, redis: { readyNodes: 4, shards: 2, slotsCovered: 10_923, shardsInUse: 3 } };
    expect(conditions(observed)).toMatchObject({ CacheReady: 'False SlotsNotCovered' });
  });

  test('of poolers through which nobody gets to the primary is what a login was answered', () => {
    const works = { kind: 'works' } as const;
    const broken = { kind: 'broken', message: 'a login through demo-pooler-rw-x failed: no such user' } as const;
    const observed = { ...settled, poolerPaths: { readWrite: broken, readOnly: works } };
    expect(conditions(observed)).toMatchObject({
      Ready: 'False PrimaryUnreachable',
      PoolerReady: 'False PrimaryUnreachable',
    });
    const unknown = { ...settled, poolerPaths: { readWrite: { kind: 'unknown' } as const, readOnly: works } };
    expect(conditions(unknown)).toMatchObject({ Ready: 'False CheckingPath', PoolerReady: 'False CheckingPath' });
  });

  test('of a read-only pooler without a replica is that reads go to the primary', () => {
    const readOnly = { kind: 'broken', message: 'timeout' } as const;
    const observed = { ...settled, poolerPaths: { readWrite: { kind: 'works' } as const, readOnly } };
    expect(conditions(observed)).toMatchObject({
      Ready: 'False ReplicasUnreachable',
      Degraded: 'True ReplicasUnreachable',
      PoolerReady: 'True ReplicasUnreachable',
    });
  });

  test('of a rollout is that it goes on; the tier keeps serving', () => {
    const observed = withDeployment('demo-api-blue', { updatedReplicas: 1 });
    expect(conditions(observed)).toMatchObject({
      Ready: 'False RollingOut',
      Progressing: 'True RollingOut',
      ApiReady: 'True RollingOut',
    });
  });

  test('of a change that was not looked at yet is not Ready', () => {
    const deployments = new Map(settled.deployments);
    const live = deployments.get('demo-gateway') as Deployment;
    deployments.set('demo-gateway', { ...live, metadata: { ...live.metadata, generation: 2 } });
    expect(conditions({ ...settled, deployments })).toMatchObject({ Ready: 'False RollingOut' });
  });

  test('of Redis shards that wait for their turn is not Ready, although no pod is being replaced', () => {
    const statefulSets = new Map(settled.statefulSets);
    const live = statefulSets.get('demo-redis-0') as StatefulSet;
    const annotations = { 'authcluster.dev/template-hash': 'next' };
    statefulSets.set('demo-redis-0', { ...live, metadata: { ...live.metadata, annotations } });
    expect(conditions({ ...settled, statefulSets })).toMatchObject({
      Ready: 'False RollingOut',
      CacheReady: 'True RollingOut',
    });
  });

  test('of a failed migration says what to do; the API serves on', () => {
    const observed = withJob({ failed: 7, conditions: [{ type: 'Failed', status: 'True' }] });
    expect(conditions(observed)).toMatchObject({
      Ready: 'False MigrationFailed',
      Progressing: 'False Blocked',
      Degraded: 'True MigrationFailed',
      ApiReady: 'True Ready',
    });
    const message = statusOf(cluster, observed, SAMPLE_INPUTS, NOW).conditions?.[0]?.message;
    expect(message).toContain('kubectl logs -n auth job/demo-migrations-');
    expect(message).toContain('delete the Job to try again');
  });

  test('of a pod that cannot start is what Kubernetes says about it', () => {
    const pod = { pod: 'demo-api-blue-x', reason: 'ImagePullBackOff', message: 'not found' };
    const observed = { ...withDeployment('demo-api-blue', { readyReplicas: 0 }), stuckPods: { api: [pod] } };
    expect(conditions(observed)).toMatchObject({
      ApiReady: 'False ImagePullBackOff',
      Degraded: 'True ImagePullBackOff',
      Ready: 'False ImagePullBackOff',
    });
  });

  test('of a step that failed keeps Ready from being True, while the tier serves on', () => {
    const observed = { ...settled, failures: [{ tier: 'gateway' as const, message: 'quota exceeded' }] };
    expect(conditions(observed)).toMatchObject({
      Ready: 'False StepFailed',
      GatewayReady: 'True StepFailed',
      Degraded: 'True StepFailed',
    });
  });

  test('of a step that is known to wait for somebody says more than a pod, which waits for the same', () => {
    const pod = { pod: 'demo-gateway-x', reason: 'Error', message: 'Secret auth-tls does not hold tls.crt: create it' };
    const failure = { tier: 'gateway' as const, message: 'cert-manager is not installed' };
    const observed = { ...settled, stuckPods: { gateway: [pod] } };
    const known = { ...observed, failures: [{ ...failure, reason: 'ExtensionMissing' }] };
    expect(conditions(known)).toMatchObject({ Degraded: 'True ExtensionMissing' });
    const passing = { ...observed, failures: [{ ...failure, reason: 'Conflict' }] };
    expect(conditions(passing)).toMatchObject({ Degraded: 'True Error' });
  });

  test('of a failure that concerns all keeps Ready from being True', () => {
    const observed = { ...settled, failures: [{ reason: 'SecretIncomplete', message: 'x lacks y' }] };
    expect(conditions(observed)).toMatchObject({ Ready: 'False SecretIncomplete', Degraded: 'True SecretIncomplete' });
  });
});

test.each([
  ['ghcr.io/authcluster/auth-api:1.2.3', '1.2.3'],
  ['registry:5000/auth-api', 'latest'],
  ['auth-api:1@sha256:0123456789abcdef0123', 'sha256:0123456789ab'],
])('the version of %s is %s', (image, version) => {
  expect(versionOf(image)).toBe(version);
});

describe('the status of an AuthCluster that sleeps', () => {
  const asleep = clusterWith({ hibernated: true }, 'demo');

  test('says so once no pod is left', () => {
    expect(conditions({ ...settled, podCounts: {} }, asleep)).toMatchObject({
      Ready: 'False Hibernated',
      Progressing: 'False Settled',
      Degraded: 'False AsDeclared',
      DatabaseReady: 'False Hibernated',
    });
  });

  test('is on its way while pods are leaving', () => {
    expect(conditions({ ...settled, podCounts: { postgres: 2 } }, asleep)).toMatchObject({
      Ready: 'False Hibernating',
      Progressing: 'True Hibernating',
      MigrationsApplied: 'False Hibernated',
    });
  });
});

test('the status of a paused AuthCluster is about the version of the spec that was acted on last', () => {
  const paused = clusterWith({ paused: true }, 'demo');
  const status = statusOf(
    { ...paused, metadata: { ...paused.metadata, generation: 7 }, status: { observedGeneration: 6 } },
    settled,
    SAMPLE_INPUTS,
    NOW,
  );
  expect(status.observedGeneration).toBe(6);
  expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Progressing', reason: 'Paused' }));
});

describe('a rollout that cannot go on says so, while the old pods serve:', () => {
  const changed = clusterWith({ api: { env: [{ name: 'LOG_LEVEL', value: 'debug' }] } }, 'demo');
  const before = clusterWith({}, 'demo');
  const whole = observedAllReady(before, allObjects(before, SAMPLE_INPUTS));
  const wanted = observedAllReady(changed, allObjects(changed, SAMPLE_INPUTS));
  const blue = wanted.deployments.get('demo-api-blue') as Deployment;

  function found(change: Partial<Deployment>, api: Observed['api']) {
    const green = { ...blue, ...change, metadata: { ...blue.metadata, name: 'demo-api-green' } };
    const deployments = new Map(whole.deployments).set('demo-api-green', green);
    const status = statusOf(changed, { ...whole, api, jobs: wanted.jobs, deployments }, SAMPLE_INPUTS, NOW);
    return Object.fromEntries((status.conditions ?? []).map((each) => [each.type, each]));
  }

  test('its pods may not be made', () => {
    const quota = {
      type: 'ReplicaFailure',
      status: 'True',
      reason: 'FailedCreate',
      message: 'exceeded quota',
    } as const;
    const { ApiReady, Degraded } = found({ status: { conditions: [quota] } }, whole.api);
    expect(ApiReady).toMatchObject({ status: 'True', reason: 'RolloutStarting' });
    const message = expect.stringMatching(/^demo-api-green: exceeded quota. Next: let the namespace have these pods/);
    expect(Degraded).toMatchObject({ status: 'True', reason: 'RolloutStuck', message });
  });

  test('its pods do not pass their check', () => {
    const check = { kind: 'failed', message: 'GET /health of p answered 500' } as const;
    const { ApiReady, Degraded } = found({}, { ...whole.api, check });
    expect(ApiReady).toMatchObject({ status: 'True', reason: 'RolloutChecking' });
    const message = expect.stringMatching(/GET \/health of p answered 500. Next: see the logs of demo-api-green$/);
    expect(Degraded).toMatchObject({ status: 'True', reason: 'RolloutStuck', message });
  });
});
