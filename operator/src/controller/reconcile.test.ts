import { afterEach, describe, expect, test } from '@jest/globals';
import { ApiError } from '../kubernetes/errors.ts';
import type { Deployment, LiveObject } from '../kubernetes/objects.ts';
import { NO_TRAFFIC } from '../rollout/traffic.ts';
import { OperatorHarness } from '../testing/operator-harness.ts';

let harness: OperatorHarness;

async function settled(spec: object = {}): Promise<OperatorHarness> {
  harness = new OperatorHarness(spec);
  await harness.start();
  await harness.untilQuiet();
  return harness;
}

afterEach(() => harness.stop());

describe('reconcile', () => {
  test('brings an AuthCluster to Ready, tier by tier', async () => {
    harness = new OperatorHarness();
    await harness.start();
    await harness.pass();
    expect(harness.server.find('statefulsets', 'acme-postgres')).toBeDefined();
    expect(harness.server.find('deployments', 'acme-api-blue')).toBeUndefined();
    expect(harness.condition('Ready')).toBe('False');
    await harness.untilQuiet();
    expect(harness.server.find('deployments', 'acme-api-blue')).toBeDefined();
    expect(harness.condition('Ready')).toBe('True');
  });

  test('does not call what it has just changed Ready for the new spec', async () => {
    const { server } = await settled();
    const seen = () => [harness.status()?.observedGeneration, harness.condition('Ready')];
    for (const [turn, spec] of [
      { gateway: { resources: { limits: { memory: '96Mi' } } } },
      { postgres: { resources: { limits: { memory: '768Mi' } } } },
    ].entries()) {
      harness.change(spec);
      const { generation } = server.find('authclusters', 'acme')?.metadata ?? {};
      expect(generation).toBe(turn + 2);
      await harness.pass();
      expect(seen()).toEqual([turn + 1, 'True']);
      await harness.pass();
      expect(seen()).toEqual([turn + 2, 'False']);
      await harness.untilQuiet();
      expect(seen()).toEqual([turn + 2, 'True']);
    }
  });

  test('touches nothing of a namespace before all of it has been listed', async () => {
    harness = new OperatorHarness();
    let isForbidden = true;
    harness.server.intercept = (request) => {
      if (isForbidden && request.path === '/api/v1/pods') throw new ApiError(request, 403, '{}');
    };
    const started = harness.start();
    expect(await harness.pass()).toEqual([]);
    isForbidden = false;
    await started;
    expect(await harness.pass()).not.toEqual([]);
  });

  test('writes nothing when nothing has changed', async () => {
    const { server } = await settled();
    const before = server.writes.length;
    await harness.pass();
    await harness.pass();
    expect(server.writes.slice(before)).toEqual([]);
  });

  test('a restarted operator applies everything once and changes nothing by it', async () => {
    const { server } = await settled();
    const before = JSON.stringify([...server.objects]);
    harness.restart();
    await harness.pass();
    expect(JSON.stringify([...server.objects])).toBe(before);
  });

  test('undoes what somebody changed', async () => {
    const { server } = await settled();
    const service = server.find('services', 'acme-api') as LiveObject & { spec: { selector: object } };
    server.put({ ...service, spec: { ...service.spec, selector: { evil: 'yes' } } } as LiveObject, 'services');
    expect(await harness.pass()).toHaveLength(1);
    const restored = server.find('services', 'acme-api') as typeof service;
    expect(restored.spec.selector).toMatchObject(service.spec.selector);
  });

  test('makes again what somebody deleted', async () => {
    const { server } = await settled();
    const deployment = server.find('deployments', 'acme-api-blue');
    if (deployment !== undefined) server.remove('deployments', deployment);
    await harness.pass();
    expect(server.find('deployments', 'acme-api-blue')).toBeDefined();
  });

  test('deletes what is no longer wanted, and keeps the rest', async () => {
    const { server } = await settled();
    harness.change({ gateway: { enabled: false } });
    await harness.untilQuiet();
    expect(server.find('deployments', 'acme-gateway')).toBeUndefined();
    expect(server.find('services', 'acme-gateway')).toBeUndefined();
    expect(server.find('deployments', 'acme-api-blue')).toBeDefined();
    expect(server.find('secrets', 'acme-signing-keys')).toBeDefined();
  });

  test('a new image gets its own migrations; the old Job goes and the old pods serve until they are done', async () => {
    const { server } = await settled();
    const image = () => harness.status()?.api?.version;
    harness.change({ api: { image: 'registry.example/auth-api:next' } });
    await harness.pass();
    await harness.pass();
    expect(image()).toBe('1.2.3');
    expect([...server.objects.keys()].filter((key) => key.startsWith('jobs/'))).toHaveLength(1);
    await harness.untilQuiet();
    await harness.pass();
    expect(image()).toBe('next');
  });

  test('never overwrites a Secret that is there already', async () => {
    harness = new OperatorHarness();
    const password = Buffer.from('brought by hand').toString('base64');
    const data = { username: 'cG9zdGdyZXM=', password, verifier: password };
    const metadata = { name: 'acme-postgres-superuser', namespace: 'auth' };
    harness.server.put({ apiVersion: 'v1', kind: 'Secret', metadata, data } as unknown as LiveObject, 'secrets');
    await harness.start();
    await harness.untilQuiet();
    expect(harness.server.find('secrets', 'acme-postgres-superuser')).toMatchObject({ data });
  });

  test('leaves alone what somebody else has under a name that it needs, tells of it, and goes on once that is gone', async () => {
    harness = new OperatorHarness();
    const metadata = { name: 'acme-api', namespace: 'auth' };
    const theirs = { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: { app: 'theirs' } } };
    const live = harness.server.put(theirs, 'services');
    await harness.start();
    await expect(harness.untilQuiet()).rejects.toThrow('apply Service acme-api: Service acme-api is there already');
    expect(harness.server.find('services', 'acme-api')).toEqual(live);
    expect(harness.status()?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Ready', status: 'False', reason: 'NameTaken' }),
    );
    harness.server.remove('services', live);
    await harness.untilQuiet();
    expect(harness.condition('Ready')).toBe('True');
  });

  test('puts an object right that has lost its labels', async () => {
    const { server } = await settled();
    const service = server.find('services', 'acme-api') as LiveObject;
    server.put({ ...service, metadata: { ...service.metadata, labels: {} } }, 'services');
    await harness.pass();
    expect(server.find('services', 'acme-api')?.metadata).toMatchObject({
      uid: service.metadata.uid,
      labels: service.metadata.labels,
    });
  });

  test('says which key a Secret lacks, and builds nothing on it', async () => {
    harness = new OperatorHarness();
    const metadata = { name: 'acme-redis-auth', namespace: 'auth' };
    harness.server.put({ apiVersion: 'v1', kind: 'Secret', metadata, data: {} } as unknown as LiveObject, 'secrets');
    await harness.start();
    await expect(harness.pass()).rejects.toThrow('acme-redis-auth');
    const degraded = harness.status()?.conditions?.find(({ type }) => type === 'Degraded');
    expect(degraded).toMatchObject({ status: 'True', reason: 'SecretIncomplete' });
  });

  test.each([
    ['Retain', 0],
    ['Delete', 1],
  ])('under deletionPolicy %s credentials have %i owners', async (deletionPolicy, owners) => {
    const { server } = await settled({ deletionPolicy: deletionPolicy === 'Retain' ? 'Delete' : 'Retain' });
    harness.change({ deletionPolicy });
    await harness.untilQuiet();
    for (const secret of ['acme-postgres-superuser', 'acme-signing-keys']) {
      expect(server.find('secrets', secret)?.metadata.ownerReferences ?? []).toHaveLength(owners);
    }
  });

  test('a step that fails stops no other, and status tells', async () => {
    harness = new OperatorHarness();
    await harness.start();
    harness.server.intercept = ({ path, method }) => {
      if (method === 'PATCH' && path.endsWith('/statefulsets/acme-postgres')) {
        throw new ApiError({ method, path }, 403, '{"reason":"Forbidden","message":"exceeded quota"}');
      }
    };
    await expect(harness.pass()).rejects.toThrow('exceeded quota');
    expect(harness.server.find('statefulsets', 'acme-redis-0')).toBeDefined();
    expect(harness.condition('Degraded')).toBe('True');
    expect(harness.events.map(({ note }) => note).join()).toContain('exceeded quota');
  });

  test('a parameter beyond the memory limit is told at once, also while paused, and changes no object', async () => {
    const { server } = await settled();
    const degraded = () => harness.status()?.conditions?.find(({ type }) => type === 'Degraded');
    harness.change({ postgres: { parameters: { shared_buffers: '64GB' } } });
    const before = server.writes.length;
    await harness.untilQuiet();
    const writes = server.writes.slice(before).filter((write) => !write.endsWith('/authclusters/acme/status'));
    expect(writes).toEqual([]);
    const message = expect.stringContaining('shared_buffers: "64GB" is not within the memory limit of 2Gi');
    expect(degraded()).toMatchObject({ status: 'True', reason: 'ParametersRefused', message });
    const told = degraded()?.message;
    harness.change({ paused: true, postgres: { parameters: { shared_buffers: '64GB' } } });
    await harness.untilQuiet();
    expect(degraded()).toMatchObject({ reason: 'ParametersRefused', message: told });
    harness.change({});
    await harness.untilQuiet();
    expect(harness.condition('Ready')).toBe('True');
  });

  test('a paused AuthCluster is left alone, whatever happens to it, and its status goes on', async () => {
    const { server } = await settled();
    harness.change({ paused: true, gateway: { enabled: false }, api: { image: 'registry.example/next' } });
    const deployment = server.find('deployments', 'acme-api-blue');
    if (deployment !== undefined) server.remove('deployments', deployment);
    const writes = await harness.pass();
    expect(writes.every((write) => write.endsWith('/authclusters/acme/status'))).toBe(true);
    expect(harness.condition('ApiReady')).toBe('False');
    harness.change({});
    await harness.untilQuiet();
    expect(harness.condition('Ready')).toBe('True');
  });

  test('a hibernated AuthCluster loses its pods and nothing else, and wakes as it was', async () => {
    const { server } = await settled();
    const kept = () => [...server.objects.keys()].filter((key) => !/^pods\/|-leader$/.test(key)).sort();
    const before = kept();
    const labels = {
      'app.kubernetes.io/name': 'authcluster',
      'app.kubernetes.io/instance': 'acme',
      'app.kubernetes.io/component': 'migrations',
    };
    const finished = {
      metadata: { name: 'acme-migrations-done', namespace: 'auth', labels },
      status: { phase: 'Succeeded' },
    };
    server.put({ apiVersion: 'v1', kind: 'Pod', ...finished } as unknown as LiveObject, 'pods');
    harness.change({ hibernated: true });
    await harness.pass();
    const left = /^(pods|configmaps)\/.*(-postgres-leader|-\d)$/;
    for (const [key, pod] of [...server.objects]) {
      if (left.test(key)) server.remove(key.split('/')[0] ?? '', pod);
    }
    await harness.pass();
    await harness.pass();
    const size = (plural: string, name: string) =>
      (server.find(plural, name) as LiveObject & { spec: { replicas: number } }).spec.replicas;
    expect(size('deployments', 'acme-gateway')).toBe(0);
    expect(size('deployments', 'acme-api-blue')).toBe(0);
    expect(size('statefulsets', 'acme-postgres')).toBe(0);
    expect(kept()).toEqual(before);
    expect(harness.status()?.conditions?.[0]).toMatchObject({ status: 'False', reason: 'Hibernated' });
    harness.change({});
    await harness.untilQuiet();
    expect(size('statefulsets', 'acme-postgres')).toBe(3);
    expect(size('deployments', 'acme-api-blue')).toBe(4);
    expect(size('deployments', 'acme-gateway')).toBe(6);
    expect(harness.condition('Ready')).toBe('True');
  });

  test('deletion needs nothing from the operator', async () => {
    const { server } = await settled();
    harness.server.put(
      { ...harness.cluster, metadata: { ...harness.cluster.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } },
      'authclusters',
    );
    const before = server.writes.length;
    await harness.pass();
    expect(server.writes.slice(before)).toEqual([]);
  });
});

describe('a rollout of the auth API', () => {
  const NEXT = { api: { image: 'registry.example/auth-api:next' } };
  const serving = () => {
    const service = harness.server.find('services', 'acme-api') as LiveObject & { spec: { selector: object } };
    return (service.spec.selector as Record<string, string>)['authcluster.dev/color'];
  };
  /** What the autoscaler and the disruption budget are about. */
  const followed = () => {
    const autoscaler = harness.server.find('horizontalpodautoscalers', 'acme-api') as unknown as {
      spec: { scaleTargetRef: { name: string } };
    };
    const budget = harness.server.find('poddisruptionbudgets', 'acme-api') as unknown as {
      spec: { selector: { matchLabels: Record<string, string> } };
    };
    const { 'authcluster.dev/color': counted } = budget.spec.selector.matchLabels;
    return [autoscaler.spec.scaleTargetRef.name.replace('acme-api-', ''), counted];
  };
  const deployments = () => ['blue', 'green'].filter((each) => harness.server.find('deployments', `acme-api-${each}`));
  const phase = () => harness.status()?.api?.rollout?.phase;
  const putApiPods = () => {
    for (const color of ['blue', 'green']) {
      const labels = {
        'app.kubernetes.io/name': 'authcluster',
        'app.kubernetes.io/instance': 'acme',
        'app.kubernetes.io/component': 'auth-api',
        'authcluster.dev/color': color,
      };
      const metadata = { name: `acme-api-${color}-1`, namespace: 'auth', labels };
      harness.server.put({ apiVersion: 'v1', kind: 'Pod', metadata, spec: {} } as unknown as LiveObject, 'pods');
    }
  };

  test('moves the traffic, waits out the bake time, and leaves one colour', async () => {
    await settled();
    harness.change(NEXT);
    await harness.untilQuiet();
    expect([serving(), deployments(), phase()]).toEqual(['green', ['blue', 'green'], 'Baking']);
    harness.clock.advance(61_000);
    await harness.untilQuiet();
    expect([serving(), deployments(), phase()]).toEqual(['green', ['green'], 'Stable']);
    expect(harness.condition('Ready')).toBe('True');
    expect(followed()).toEqual(['green', 'green']);
  });

  test('has the pods that have lost the traffic send their clients elsewhere, and no others', async () => {
    await settled();
    putApiPods();
    harness.change(NEXT);
    await harness.pass();
    expect(harness.stoodBy).toEqual([]);
    await harness.untilQuiet();
    expect([phase(), new Set(harness.stoodBy)]).toEqual(['Baking', new Set(['acme-api-blue-1'])]);
    harness.traffic = { ...NO_TRAFFIC, requests: 100, errors: 90 };
    await harness.untilQuiet();
    expect([phase(), harness.stoodBy.at(-1)]).toEqual(['RolledBack', 'acme-api-green-1']);
  });

  test.each([
    ['although a step of another tier fails', 'deployments/acme-gateway', ['acme-api-blue-1']],
    ['but not before the Service has moved it', 'services/acme-api', []],
  ])('has them do so %s', async (_when, failing, told) => {
    const { server } = await settled();
    putApiPods();
    harness.change({ ...NEXT, gateway: { resources: { requests: { cpu: '77m' } } } });
    server.intercept = ({ path, method }) => {
      if (method === 'PATCH' && path.endsWith(failing)) throw new ApiError({ method, path }, 500, '{}');
    };
    for (let passes = 0; passes < 4; passes += 1) {
      harness.runWorkloads();
      await harness.pass().catch(() => undefined);
    }
    expect([...new Set(harness.stoodBy)]).toEqual(told);
  });

  test('has autoscaler and disruption budget follow the traffic', async () => {
    await settled();
    harness.check = { kind: 'failed', message: 'GET /health answered 500' };
    harness.change(NEXT);
    await harness.untilQuiet();
    expect([deployments(), followed()]).toEqual([
      ['blue', 'green'],
      ['blue', 'blue'],
    ]);
    harness.check = { kind: 'passed' };
    await harness.untilQuiet();
    expect([serving(), followed()]).toEqual(['green', ['green', 'green']]);
  });

  test('has them stay with it while the Service cannot be changed', async () => {
    const { server } = await settled();
    harness.change(NEXT);
    server.intercept = ({ path, method }) => {
      if (method === 'PATCH' && path.endsWith('services/acme-api')) throw new ApiError({ method, path }, 500, '{}');
    };
    await expect(harness.untilQuiet()).rejects.toThrow('apply Service acme-api');
    expect([serving(), deployments(), followed()]).toEqual(['blue', ['blue', 'green'], ['blue', 'blue']]);
    server.intercept = () => undefined;
    await harness.untilQuiet();
    expect([serving(), followed()]).toEqual(['green', ['green', 'green']]);
  });

  test('is taken back on errors, says why, and is not tried again', async () => {
    await settled();
    harness.change(NEXT);
    await harness.untilQuiet();
    harness.traffic = { ...NO_TRAFFIC, requests: 100, errors: 90 };
    await harness.untilQuiet();
    expect([serving(), deployments(), phase()]).toEqual(['blue', ['blue'], 'RolledBack']);
    const degraded = harness.status()?.conditions?.find(({ type }) => type === 'Degraded');
    expect(degraded).toMatchObject({ status: 'True', reason: 'RolledBack' });
    expect(degraded?.message).toContain('90.0 % of 100 requests failed');
    harness.clock.advance(3_600_000);
    harness.restart();
    await harness.untilQuiet();
    expect([serving(), deployments()]).toEqual(['blue', ['blue']]);
    expect(harness.events.map(({ reason }) => reason)).toContain('RolledBack');
  });

  describe('while another revision is wanted, and somebody deletes what serves', () => {
    const blue = () => harness.server.find('deployments', 'acme-api-blue') as Deployment;
    const remove = () => harness.server.remove('deployments', blue());
    const template = () => JSON.stringify(blue().spec.template);

    test('makes it again as it was, and what was taken back stays so', async () => {
      await settled();
      const before = template();
      harness.change(NEXT);
      await harness.untilQuiet();
      harness.traffic = { ...NO_TRAFFIC, requests: 100, errors: 90 };
      await harness.untilQuiet();
      remove();
      harness.restart();
      await harness.untilQuiet();
      expect([serving(), deployments(), phase(), template()]).toEqual(['blue', ['blue'], 'RolledBack', before]);
    });

    test('has the revision that was taken back serve where the Service does not remember the other', async () => {
      const { server } = await settled();
      harness.change(NEXT);
      await harness.untilQuiet();
      harness.traffic = { ...NO_TRAFFIC, requests: 100, errors: 90 };
      await harness.untilQuiet();
      const service = server.find('services', 'acme-api') as LiveObject;
      const annotations = { ...service.metadata.annotations, 'authcluster.dev/template': '{}' };
      server.put({ ...service, metadata: { ...service.metadata, annotations } }, 'services');
      remove();
      await harness.untilQuiet();
      expect([serving(), deployments(), phase()]).toEqual(['blue', ['blue'], 'RolledBack']);
      const degraded = harness.status()?.conditions?.find(({ type }) => type === 'Degraded');
      expect(degraded?.message).toContain('It runs all the same: the Deployment of before is gone');
    });

    test.each([
      ['migrations fail', 'jobs', { failed: 7, conditions: [{ type: 'Failed', status: 'True' }] }],
      ['pods do not start', 'deployments', { replicas: 4, updatedReplicas: 4 }],
    ])('makes it again where the new %s', async (_what, plural, status) => {
      const { server } = await settled();
      const before = template();
      /** Of what is wanted alone. */
      const fail = () => {
        for (const [key, live] of [...server.objects]) {
          if (
            key.startsWith(`${plural}/`) &&
            JSON.stringify(live).includes('auth-api:next') &&
            !key.endsWith('-blue')
          ) {
            server.put({ ...live, status } as LiveObject, plural);
          }
        }
      };
      const passes = async () => {
        for (let pass = 0; pass < 4; pass += 1) {
          await harness.pass().catch(() => undefined);
          fail();
        }
      };
      harness.change(NEXT);
      await passes();
      remove();
      await passes();
      harness.runWorkloads();
      fail();
      await passes();
      expect([serving(), template(), harness.condition('ApiReady')]).toEqual(['blue', before, 'True']);
    });
  });

  test.each([
    ['rolled back', 'RolledBack'],
    ['aborted', 'Aborted'],
  ])('that is %s keeps its pods while the Service cannot be given back', async (_how, ending) => {
    const { server } = await settled();
    harness.change(NEXT);
    await harness.untilQuiet();
    if (ending === 'RolledBack') harness.traffic = { ...NO_TRAFFIC, requests: 100, errors: 90 };
    else harness.annotate({ 'authcluster.dev/abort': harness.status()?.api?.rollout?.revision ?? '' });
    server.intercept = ({ path, method }) => {
      if (method === 'PATCH' && path.endsWith('services/acme-api')) throw new ApiError({ method, path }, 500, '{}');
    };
    for (let passes = 0; passes < 3; passes += 1) {
      await expect(harness.pass()).rejects.toThrow('apply Service acme-api');
      expect([serving(), deployments(), followed()]).toEqual(['green', ['blue', 'green'], ['green', 'green']]);
    }
    server.intercept = () => undefined;
    await harness.untilQuiet();
    expect([serving(), deployments(), phase(), followed()]).toEqual(['blue', ['blue'], ending, ['blue', 'blue']]);
  });

  test.each<[string, string, () => void]>([
    ['serves while the next one is checked', 'Checking', () => (harness.check = { kind: 'failed', message: '500' })],
    ['stands by', 'Baking', () => undefined],
    ['serves again', 'RolledBack', () => (harness.traffic = { ...NO_TRAFFIC, requests: 100, errors: 90 })],
  ])('has drift put right in what %s, also by an operator that has just begun', async (_which, ended, goOn) => {
    type Applied = Deployment & { spec: { template: { spec: { containers: { image?: string }[] } } } };
    const { server } = await settled();
    harness.change(NEXT);
    goOn();
    await harness.untilQuiet();
    expect(phase()).toBe(ended);
    for (const begin of [() => undefined, () => harness.restart()]) {
      const { metadata, spec } = server.find('deployments', 'acme-api-blue') as Applied;
      const theirs = structuredClone({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec });
      theirs.metadata.labels = { ...theirs.metadata.labels, 'app.kubernetes.io/managed-by': 'somebody' };
      for (const container of theirs.spec.template.spec.containers) container.image = 'registry.example/theirs';
      server.put(theirs, 'deployments');
      begin();
      await harness.untilQuiet();
      const { labels, annotations } = metadata;
      expect(server.find('deployments', 'acme-api-blue')).toMatchObject({ metadata: { labels, annotations }, spec });
    }
  });

  test('does not move the traffic to what does not pass its check', async () => {
    await settled();
    harness.check = { kind: 'failed', message: 'GET /health answered 500' };
    harness.change(NEXT);
    await harness.untilQuiet();
    expect([serving(), phase()]).toEqual(['blue', 'Checking']);
    expect(harness.condition('ApiReady')).toBe('True');
  });

  test('begins again with the newest, and ends with it however the operator is restarted', async () => {
    await settled();
    harness.change(NEXT);
    await harness.untilQuiet();
    harness.change({ api: { image: 'registry.example/auth-api:newest' } });
    for (let passes = 0; passes < 12; passes += 1) {
      harness.runWorkloads();
      harness.restart();
      await harness.pass();
      harness.clock.advance(20_000);
    }
    await harness.untilQuiet();
    expect(harness.status()?.api).toMatchObject({ version: 'newest', rollout: { phase: 'Stable' } });
    expect(deployments()).toHaveLength(1);
  });

  test('obeys the annotations that name its revision', async () => {
    await settled();
    harness.change(NEXT);
    await harness.untilQuiet();
    const revision = harness.status()?.api?.rollout?.revision ?? '';
    const live = harness.server.find('authclusters', 'acme') as LiveObject;
    const metadata = { ...live.metadata, annotations: { 'authcluster.dev/abort': revision } };
    harness.server.put({ ...live, metadata }, 'authclusters');
    await harness.untilQuiet();
    expect([serving(), deployments(), phase()]).toEqual(['blue', ['blue'], 'Aborted']);
  });
});
