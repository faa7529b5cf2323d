import { describe, expect, test } from '@jest/globals';
import { NOTHING_OBSERVED, type Observed } from '../status/observed.ts';
import { statusOf } from '../status/status.ts';
import { observedAllReady } from '../testing/observations.ts';
import { clusterWith, SAMPLE_INPUTS, sampleCluster } from '../testing/sample-clusters.ts';
import { allObjects } from './all-objects.ts';
import { desired } from './desired.ts';
import type { BuilderInputs } from './inputs.ts';

const cluster = sampleCluster('development');
const everything = allObjects(cluster, SAMPLE_INPUTS);
const settled = observedAllReady(cluster, everything);

const componentsOf = (observed: Observed, inputs: BuilderInputs = SAMPLE_INPUTS) => {
  const objects = desired(cluster, observed, inputs).objects.filter(({ kind }) => kind !== 'NetworkPolicy');
  const labels = objects.map(({ metadata }) => metadata.labels ?? {});
  return [...new Set(labels.map((each) => each['app.kubernetes.io/component']))];
};

describe('what is wanted', () => {
  test('lets a drain take the primary where it cannot be moved out of its way', () => {
    const least = (moves: Observed['moves']) => {
      const named = desired(cluster, { ...settled, moves }, SAMPLE_INPUTS).objects.filter(
        ({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.name === 'demo-postgres-primary',
      );
      return named.map(({ spec }) => (spec as { minAvailable: number }).minAvailable);
    };
    expect(least({ next: { kind: 'none' } })).toEqual([1]);
    expect(least({ next: { kind: 'none' }, primaryMayGo: true })).toEqual([0]);
  });

  test('gives poolers more connections once the database has been restarted for them, and tells so', () => {
    const raised = clusterWith({ postgres: { parameters: { max_connections: '1000' } } });
    const ready = observedAllReady(raised, allObjects(raised, SAMPLE_INPUTS));
    const pendingRestart = [{ parameter: 'max_connections', from: '200', to: '1000' }];
    const members = ready.patroni.members.map((member) => ({ ...member, pendingRestart }));
    const poolSize = (observed: Observed) => {
      const secret = desired(raised, observed, SAMPLE_INPUTS).objects.find(
        ({ kind, metadata }) => kind === 'Secret' && metadata.name === 'acme-pooler',
      );
      const { 'pgbouncer-rw.ini': ini = '' } = (secret?.data ?? {}) as Record<string, string>;
      const told = statusOf(raised, observed, SAMPLE_INPUTS, new Date(0)).pooler?.poolSize;
      return [/^max_db_connections = (\d+)$/m.exec(Buffer.from(ini, 'base64').toString())?.[1], told];
    };
    expect(poolSize({ ...ready, patroni: { ...ready.patroni, members } })).toEqual(['30', 30]);
    expect(poolSize(ready)).toEqual(['163', 163]);
  });

  test('is at first the data tiers alone, both at once', () => {
    expect(componentsOf(NOTHING_OBSERVED)).toEqual(['postgres', 'redis']);
  });

  test('is pooler and migrations, too, when the database serves', () => {
    const dataTiers = everything.filter(({ kind }) => kind === 'StatefulSet');
    const observed = observedAllReady(cluster, dataTiers);
    expect(componentsOf(observed)).toEqual(['postgres', 'redis', 'pooler-rw', 'pooler-ro', 'migrations']);
  });

  test('is the auth API only when the migrations of its image are done', () => {
    const observed = { ...settled, jobs: new Map(), deployments: new Map(settled.deployments) };
    observed.deployments.delete('demo-api-blue');
    expect(componentsOf(observed)).not.toContain('auth-api');
  });

  test('is the gateway only when the auth API serves', () => {
    const deployments = new Map(settled.deployments);
    deployments.delete('demo-api-blue');
    deployments.delete('demo-gateway');
    expect(componentsOf({ ...settled, deployments })).not.toContain('gateway');
  });

  test('is everything once all is there', () => {
    const { objects, held } = desired(cluster, settled, SAMPLE_INPUTS);
    expect(objects).toHaveLength(everything.length);
    expect(held.size).toBe(0);
  });

  test('comes to be in a few passes, each of which sees what the one before asked for', () => {
    let observed: Observed = NOTHING_OBSERVED;
    const counts: number[] = [];
    for (let pass = 0; pass < 5; pass += 1) {
      const { objects } = desired(cluster, observed, SAMPLE_INPUTS);
      counts.push(objects.length);
      observed = observedAllReady(cluster, objects);
    }
    expect(counts.at(-1)).toBe(everything.length);
    expect(counts).toEqual([...counts].sort((left, right) => left - right));
  });
});

describe('what exists', () => {
  test('is kept up while a tier it needs is down', () => {
    const withoutDatabase: Observed = {
      ...settled,
      accountsReady: false,
      patroni: { ...settled.patroni, leader: undefined },
    };
    const { redis: _lost, ...withoutDataTiers } = withoutDatabase;
    const { held } = desired(cluster, withoutDataTiers, SAMPLE_INPUTS);
    expect(held.size).toBe(0);
  });

  test('stays as it was made, while the migrations of a new image run', () => {
    const newImage = { ...SAMPLE_INPUTS, images: { ...SAMPLE_INPUTS.images, authApi: 'auth-api:2' } };
    const { objects, kept } = desired(cluster, settled, newImage);
    expect(kept.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual(['Deployment/demo-api-blue']);
    const before = everything.find(({ metadata }) => metadata.name === 'demo-api-blue');
    expect(objects.find(({ metadata }) => metadata.name === 'demo-api-blue')).toEqual(before);
    expect(objects.some(({ kind }) => kind === 'Job')).toBe(true);
  });
});

describe('another image of Redis', () => {
  const inputs = { ...SAMPLE_INPUTS, images: { ...SAMPLE_INPUTS.images, redis: 'redis:2' } };
  const shardsIn = (objects: readonly { kind: string; metadata: { name: string } }[]) =>
    objects
      .filter(({ kind }) => kind === 'StatefulSet')
      .map(({ metadata }) => metadata.name)
      .filter((name) => name.includes('redis'));

  test('goes to one shard at a time, and the others are neither changed nor unwanted', () => {
    const { objects, kept } = desired(cluster, settled, inputs);
    expect(shardsIn(objects)).toEqual(['demo-redis-0']);
    expect(shardsIn(kept)).toEqual(['demo-redis-1', 'demo-redis-2']);
  });

  test('keeps no shard from going to sleep', () => {
    const hibernated = clusterWith({ hibernated: true }, 'demo');
    expect(shardsIn(desired(hibernated, settled, inputs).objects)).toHaveLength(3);
  });
});

describe('the sizes of Deployments', () => {
  const whole = (spec: object) => {
    const one = clusterWith(spec, 'demo');
    return observedAllReady(one, allObjects(one, SAMPLE_INPUTS));
  };
  const sizes = (spec: object, observed = whole(spec)) =>
    Object.fromEntries(desired(clusterWith(spec, 'demo'), observed, SAMPLE_INPUTS).sizes);

  test('are at first the smallest that autoscalers allow', () => {
    expect(sizes({})).toMatchObject({ 'demo-api-blue': { atLeast: 4 }, 'demo-gateway': { atLeast: 6 } });
    expect(sizes({ gateway: { enabled: false } })).not.toHaveProperty('demo-gateway');
  });

  test('are those of the spec for poolers, of which those for reads may not be there', () => {
    expect(sizes({})).toMatchObject({ 'demo-pooler-rw': { exactly: 3 }, 'demo-pooler-ro': { exactly: 3 } });
    expect(sizes({ postgres: { readReplicas: 0 } })).not.toHaveProperty('demo-pooler-ro');
  });

  test('are never applied, or Kubernetes would keep one pod of those that an autoscaler takes over', () => {
    const deployments = allObjects(cluster, SAMPLE_INPUTS).filter(({ kind }) => kind === 'Deployment');
    expect(deployments.map(({ metadata }) => metadata.name)).toContain('demo-pooler-rw');
    expect(deployments.filter(({ spec }) => 'replicas' in (spec as object))).toEqual([]);
  });

  test('are at least those of the spec for poolers that are autoscaled', () => {
    const autoscaling = { maxInstances: 6, targetCPUUtilizationPercentage: 60 };
    const pooled = { postgres: { pooler: { instances: 2, autoscaling } } };
    expect(sizes(pooled)).toMatchObject({ 'demo-pooler-rw': { atLeast: 2 }, 'demo-pooler-ro': { atLeast: 2 } });
    const called = { ...whole(pooled), podCounts: { 'auth-api': 1 } };
    expect(sizes({ ...pooled, hibernated: true }, called)).not.toHaveProperty('demo-pooler-rw');
    expect(sizes({ ...pooled, hibernated: true })).toMatchObject({ 'demo-pooler-rw': { exactly: 0 } });
  });

  test('are those of the active colour for the other one during a rollout', () => {
    const changed = { api: { image: 'registry.example/next' } };
    const inputs = { ...SAMPLE_INPUTS, images: { ...SAMPLE_INPUTS.images, authApi: 'registry.example/next' } };
    const { jobs } = observedAllReady(cluster, allObjects(clusterWith(changed, 'demo'), inputs));
    const before = { ...whole({}), jobs };
    const large = new Map(before.deployments);
    const blue = large.get('demo-api-blue');
    if (blue !== undefined) large.set('demo-api-blue', { ...blue, spec: { ...blue.spec, replicas: 9 } });
    const plan = desired(clusterWith(changed, 'demo'), { ...before, deployments: large }, inputs);
    expect(Object.fromEntries(plan.sizes)).toMatchObject({ 'demo-api-green': { atLeast: 9 } });
  });

  test('are left alone while an earlier tier is waited for', () => {
    expect(sizes({}, NOTHING_OBSERVED)).toEqual({});
  });
});

describe('a hibernated AuthCluster', () => {
  const asleep = clusterWith({ hibernated: true }, 'demo');
  const running = { gateway: 6, 'auth-api': 4, 'pooler-rw': 3, 'pooler-ro': 3, redis: 6, postgres: 3 };

  /** What is to have no pods, while these are there. */
  function going(podCounts: Observed['podCounts']): string[] {
    const { objects, sizes } = desired(asleep, { ...settled, podCounts }, SAMPLE_INPUTS);
    const sized = objects.filter(({ spec }) => (spec as { replicas?: number } | undefined)?.replicas === 0);
    return [...sizes.keys(), ...sized.map(({ metadata }) => metadata.name)].sort();
  }

  test('goes to sleep from the edge inwards, each tier when nobody calls it any more', () => {
    expect(going(running)).toEqual(['demo-gateway']);
    expect(going({ ...running, gateway: 0 })).toEqual(['demo-api-blue', 'demo-gateway']);
    const redis = ['demo-redis-0', 'demo-redis-1', 'demo-redis-2'];
    const behind = ['demo-api-blue', 'demo-gateway', 'demo-pooler-ro', 'demo-pooler-rw', ...redis];
    expect(going({ ...running, gateway: 0, 'auth-api': 0 })).toEqual(behind);
    expect(going({ postgres: 3 })).toEqual([...behind, 'demo-postgres'].sort());
  });

  test('loses nothing but its pods', () => {
    const whole = observedAllReady(asleep, allObjects(asleep, SAMPLE_INPUTS));
    const { objects, held } = desired(asleep, { ...whole, podCounts: {} }, SAMPLE_INPUTS);
    const key = ({ kind, metadata }: { kind: string; metadata: { name: string } }) => `${kind}/${metadata.name}`;
    const wanted = new Set(objects.map(key));
    const lost = allObjects(asleep, SAMPLE_INPUTS).filter(
      (each) => !wanted.has(key(each)) && !held.has(each.metadata.labels?.['app.kubernetes.io/component'] as 'redis'),
    );
    expect(lost).toEqual([]);
  });

  test('wakes in the order of a first start', () => {
    const deployments = new Map(
      [...settled.deployments].map(([name, live]) => [
        name,
        { ...live, spec: { ...live.spec, replicas: 0 }, status: {} },
      ]),
    );
    const { accountsReady: _, redis: _lost, ...rest } = settled;
    const cold = { ...rest, deployments, accountsReady: false, patroni: { ...settled.patroni, leader: undefined } };
    const awake = clusterWith({}, 'demo');
    const first = desired(awake, cold, SAMPLE_INPUTS);
    expect([...first.held]).toEqual(['pooler-rw', 'pooler-ro', 'auth-api', 'warming', 'gateway']);
    expect(first.sizes.size).toBe(0);
  });
});
