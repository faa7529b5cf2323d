import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clusterWith, SAMPLE_INPUTS, SAMPLES, sampleCluster } from '../testing/sample-clusters.ts';
import { allObjects } from './all-objects.ts';
import type { Manifest } from './manifest.ts';

interface PodSpec {
  serviceAccountName?: string;
  automountServiceAccountToken: boolean;
  enableServiceLinks: boolean;
  securityContext: { runAsNonRoot: boolean; seccompProfile: { type: string } };
  initContainers?: PodSpec['containers'];
  containers: {
    name: string;
    resources: { requests?: { cpu?: string } };
    securityContext: { allowPrivilegeEscalation: boolean; readOnlyRootFilesystem: boolean; capabilities: object };
  }[];
}

interface PodMaker {
  template?: { spec: PodSpec };
}

function podSpecs(objects: readonly Manifest[]): PodSpec[] {
  return objects.flatMap((object) => {
    const spec = object.spec as (PodMaker & { jobTemplate?: { spec: PodMaker } }) | undefined;
    const template = spec?.template ?? spec?.jobTemplate?.spec.template;
    return template === undefined ? [] : [template.spec];
  });
}

const find = (objects: readonly Manifest[], kind: string, name: string) =>
  objects.find((object) => object.kind === kind && object.metadata.name === name);

describe.each(SAMPLES)('every object of the %s sample', (sample) => {
  const cluster = sampleCluster(sample);
  const objects = allObjects(cluster, SAMPLE_INPUTS);

  test('has a name of its own among its kind', () => {
    const keys = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('is in the namespace of the AuthCluster, labelled, and goes with it', () => {
    for (const { metadata } of objects) {
      expect(metadata.namespace).toBe('auth');
      expect(metadata.labels).toMatchObject({
        'app.kubernetes.io/instance': cluster.metadata.name,
        'app.kubernetes.io/managed-by': 'authcluster-operator',
      });
      expect(metadata.ownerReferences).toMatchObject([{ uid: cluster.metadata.uid, controller: true }]);
    }
  });

  test('says nothing that server-side apply would take for a claim: no null, nothing undefined', () => {
    for (const object of objects) expect(holesIn(object)).toEqual([]);
  });

  test('is the same each time it is built', () => {
    expect(JSON.stringify(allObjects(cluster, SAMPLE_INPUTS))).toBe(JSON.stringify(objects));
  });

  test('runs its pods under the restricted Pod Security Standard', () => {
    for (const pod of podSpecs(objects)) {
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(pod.enableServiceLinks).toBe(false);
      for (const { securityContext } of [...(pod.initContainers ?? []), ...pod.containers]) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });

  test('gives a token for the API server to Patroni alone', () => {
    const withToken = podSpecs(objects).filter((pod) => pod.automountServiceAccountToken);
    const patroni = cluster.spec.postgres.mode === 'Managed' ? [`${cluster.metadata.name}-postgres`] : [];
    expect(withToken.map(({ serviceAccountName }) => serviceAccountName)).toEqual(patroni);
  });

  test('leaves the size of what is autoscaled to its autoscaler, which can measure it', () => {
    const autoscalers = objects.filter(({ kind }) => kind === 'HorizontalPodAutoscaler');
    expect(autoscalers).toHaveLength(2);
    for (const { spec } of autoscalers) {
      const { scaleTargetRef } = spec as { scaleTargetRef: { name: string } };
      const deployment = find(objects, 'Deployment', scaleTargetRef.name) as Manifest;
      expect(deployment.spec).not.toHaveProperty('replicas');
      expect(podSpecs([deployment])[0]?.containers[0]?.resources.requests?.cpu).toBeDefined();
    }
  });

  test('has an autoscaler for each pooler where it is asked for, from instances to maxInstances', () => {
    const autoscaling = { maxInstances: 6, targetCPUUtilizationPercentage: 60 };
    const pooled = allObjects(clusterWith({ postgres: { pooler: { instances: 2, autoscaling } } }), SAMPLE_INPUTS);
    for (const name of ['acme-pooler-rw', 'acme-pooler-ro']) {
      const autoscaler = find(pooled, 'HorizontalPodAutoscaler', name);
      expect(autoscaler?.spec).toMatchObject({ scaleTargetRef: { name }, minReplicas: 2, maxReplicas: 6 });
      expect(find(pooled, 'Deployment', name)?.spec).not.toHaveProperty('replicas');
    }
  });

  test('selects with every Service pods that some workload makes', () => {
    const podLabels = objects.flatMap(({ spec }) => {
      const template = (spec as { template?: { metadata: { labels: Record<string, string> } } } | undefined)?.template;
      return template === undefined ? [] : [template.metadata.labels];
    });
    for (const { spec, metadata } of objects.filter(({ kind }) => kind === 'Service')) {
      const { 'authcluster.dev/role': _keptByPatroni, ...selector } = (spec as { selector: Record<string, string> })
        .selector;
      const selected = podLabels.filter((labels) =>
        Object.entries(selector).every(([key, value]) => labels[key] === value),
      );
      expect([metadata.name, selected.length > 0]).toEqual([metadata.name, true]);
    }
  });
});

describe('what an AuthCluster is made of', () => {
  test('fits the length of names for the longest name there may be', () => {
    const cluster = clusterWith({ redis: { shards: 32 } }, 'a'.repeat(40));
    for (const { kind, metadata, spec } of allObjects(cluster, SAMPLE_INPUTS)) {
      // Names of pods add a hash of 10 and a suffix, or an ordinal; their hostname and labels hold 63 characters.
      const longest = kind === 'StatefulSet' ? 52 : 63;
      const isPodMaker = (spec as { template?: object } | undefined)?.template !== undefined;
      if (kind === 'CronJob') expect(metadata.name.length).toBeLessThanOrEqual(52);
      if (isPodMaker || kind === 'Service') expect(metadata.name.length).toBeLessThanOrEqual(longest);
    }
  });

  test('replaces no pooler for what PgBouncer reads anew while it runs, and does for what it takes at its start', () => {
    const poolers = (postgres: object, inputs = SAMPLE_INPUTS) =>
      ['rw', 'ro'].map((kind) => {
        const found = find(allObjects(clusterWith({ postgres }), inputs), 'Deployment', `acme-pooler-${kind}`);
        return (found?.spec as PodMaker | undefined)?.template;
      });
    const { credentials } = SAMPLE_INPUTS;
    const { postgres } = credentials;
    const rotated = { ...postgres, app: { ...postgres.app, next: { ...postgres.app, username: 'auth_app_b' } } };
    const before = poolers({});
    expect(poolers({ parameters: { max_connections: '300' } })).toEqual(before);
    expect(poolers({}, { ...SAMPLE_INPUTS, credentials: { ...credentials, postgres: rotated } })).toEqual(before);
    expect(poolers({ pooler: { maxClientConnections: 2000 } })).not.toEqual(before);
  });

  test('has no read-only pooler and no budget that blocks every drain without read replicas', () => {
    const objects = allObjects(clusterWith({ postgres: { readReplicas: 0 } }), SAMPLE_INPUTS);
    expect(find(objects, 'Deployment', 'acme-pooler-ro')).toBeUndefined();
    expect(find(objects, 'Service', 'acme-postgres-replicas')).toBeUndefined();
    expect(find(objects, 'PodDisruptionBudget', 'acme-postgres')).toBeUndefined();
  });

  test('has no gateway where none is wanted', () => {
    const objects = allObjects(clusterWith({ gateway: { enabled: false } }), SAMPLE_INPUTS);
    expect(objects.filter(({ metadata }) => metadata.name === 'acme-gateway')).toEqual([]);
  });

  test('has a StatefulSet and a disruption budget for each shard', () => {
    const shards = fc.integer({ min: 3, max: 32 });
    fc.assert(
      fc.property(shards, (count) => {
        const objects = allObjects(clusterWith({ redis: { shards: count } }), SAMPLE_INPUTS);
        const ofKind = (kind: string) =>
          objects.filter((each) => each.kind === kind && each.metadata.name.includes('-redis-'));
        expect(ofKind('StatefulSet')).toHaveLength(count);
        expect(ofKind('PodDisruptionBudget')).toHaveLength(count);
      }),
      { numRuns: 10 },
    );
  });

  test.each([
    ['Retain', 'Retain'],
    ['Delete', 'Delete'],
  ])('with deletionPolicy %s has volumes that %s', (deletionPolicy, whenDeleted) => {
    const cluster = clusterWith({ deletionPolicy, redis: { persistence: { enabled: true } } });
    const statefulSets = allObjects(cluster, SAMPLE_INPUTS).filter(({ kind }) => kind === 'StatefulSet');
    for (const { spec } of statefulSets) {
      expect(spec).toMatchObject({ persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled: 'Retain' } });
    }
  });

  test('pulls its images with the Secrets named', () => {
    const objects = allObjects(sampleCluster('development'), { ...SAMPLE_INPUTS, imagePullSecrets: ['registry'] });
    for (const pod of podSpecs(objects)) expect(pod).toMatchObject({ imagePullSecrets: [{ name: 'registry' }] });
  });
});

describe('the warming of the caches', () => {
  const warming = (spec: object) =>
    find(allObjects(clusterWith(spec), SAMPLE_INPUTS), 'CronJob', 'acme-warm')?.spec as
      | { suspend: boolean; concurrencyPolicy: string; schedule: string; jobTemplate: { spec: object } }
      | undefined;

  test('comes on schedule, one at a time, and gives up before the next', () => {
    const schedule = '5 * * * *';
    expect(warming({ api: { cache: { warming: { schedule } } } })).toMatchObject({
      schedule,
      concurrencyPolicy: 'Forbid',
      suspend: false,
      jobTemplate: { spec: { backoffLimit: 0, activeDeadlineSeconds: 600 } },
    });
  });

  test('rests while the AuthCluster hibernates, and is absent where it is not wanted', () => {
    expect(warming({ hibernated: true })?.suspend).toBe(true);
    expect(warming({ api: { cache: { warming: { enabled: false } } } })).toBeUndefined();
  });

  test('holds no signing key', () => {
    expect(JSON.stringify(warming({}))).not.toContain('acme-signing-keys');
  });
});

describe('the migrations Job', () => {
  const jobName = (spec: object, image: string) => {
    const inputs = { ...SAMPLE_INPUTS, images: { ...SAMPLE_INPUTS.images, authApi: image } };
    return allObjects(clusterWith(spec), inputs).find(({ kind }) => kind === 'Job')?.metadata.name;
  };

  test('has another name for another image, and the same for settings that do not concern it', () => {
    expect(jobName({}, 'a:1')).not.toBe(jobName({}, 'a:2'));
    expect(jobName({}, 'a:1')).toBe(jobName({ api: { hashing: { workers: 3 } }, redis: { shards: 4 } }, 'a:1'));
  });
});

/** Paths of nulls and undefined. */
function holesIn(value: unknown, path = ''): string[] {
  if (value === null || value === undefined) return [path];
  if (typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => holesIn(inner, `${path}.${key}`));
}
