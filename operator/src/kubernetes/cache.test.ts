import { afterAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../../dev/eventually.ts';
import { watchedKinds } from '../controller/watched-kinds.ts';
import { FakeApiServer } from '../testing/fake-api-server.ts';
import { ObjectCache } from './cache.ts';
import { ApiError } from './errors.ts';
import type { LiveObject, Pod } from './objects.ts';

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'n', name: 'p', labels: { 'app.kubernetes.io/name': 'authcluster' }, managedFields: [{}] },
  spec: { nodeName: 'node-1', containers: [{ name: 'c', env: [{ name: 'A', value: 'much' }] }] },
  status: { podIP: '10.0.0.1' },
};
const KEPT = { spec: { nodeName: 'node-1' }, status: { podIP: '10.0.0.1' } };

test('of pods only what is read is kept, however it was learnt', async () => {
  const server = new FakeApiServer();
  const stop = new AbortController();
  const cache = new ObjectCache(server, {
    kinds: watchedKinds([]),
    namespaces: [],
    now: () => 0,
    random: () => 0,
    onProblem: () => undefined,
  });
  const seen = () => cache.store<Pod>('Pod').get('n', 'p') as Pod & { metadata: { managedFields?: unknown } };
  server.put(POD as unknown as LiveObject, 'pods');
  void cache.run(stop.signal);
  await cache.untilSynced(AbortSignal.timeout(10_000));
  expect(seen()).toMatchObject(KEPT);
  expect(seen().spec).toEqual(KEPT.spec);
  const { uid } = seen().metadata;
  cache.note({ ...POD, metadata: { ...POD.metadata, uid, resourceVersion: '99' } } as unknown as LiveObject);
  expect(seen().metadata).toMatchObject({ resourceVersion: '99' });
  expect(seen().spec).toEqual(KEPT.spec);
  expect(seen().metadata.managedFields).toBeUndefined();
  stop.abort();
});

test('whether the watches are alive is told: what has not been listed, and what has been silent for too long', async () => {
  const stop = new AbortController();
  let nowMs = 0;
  const server = new FakeApiServer();
  const cache = new ObjectCache(server, {
    kinds: [{ kind: 'Pod' }, { kind: 'StatefulSet' }],
    namespaces: [],
    now: () => nowMs,
    random: () => 0,
    onProblem: () => undefined,
  });
  expect(cache.problem()).toBe('not listed yet: pods, statefulsets.apps');
  void cache.run(stop.signal);
  await cache.untilSynced(AbortSignal.timeout(10_000));
  expect(cache.problem()).toBeUndefined();
  nowMs = 301_000;
  expect(cache.problem()).toBe('silent: pods, statefulsets.apps');
  server.put(POD as unknown as LiveObject, 'pods');
  await eventually(async () => expect(cache.problem()).toBe('silent: statefulsets.apps'));
  stop.abort();
});

describe('of a list of namespaces', () => {
  const stop = new AbortController();
  afterAll(() => stop.abort());

  /** Pods and StatefulSets of two namespaces, of which some may not be seen. */
  function watching(isForbidden: (path: string) => boolean, now = () => 0) {
    const server = new FakeApiServer();
    const rights = { isForbidden };
    server.intercept = (request) => {
      if (rights.isForbidden(request.path)) throw new ApiError(request, 403, '{"reason":"Forbidden"}');
    };
    const kinds = [{ kind: 'Pod' }, { kind: 'StatefulSet' }];
    const onProblem = () => undefined;
    const cache = new ObjectCache(server, { kinds, namespaces: ['here', 'gone'], now, random: () => 0, onProblem });
    void cache.run(stop.signal);
    return { cache, rights, server };
  }

  test('one that is gone, and its Role with it, does not keep the others from being served', async () => {
    const { cache, rights } = watching((path) => path.includes('/gone/'));
    await cache.untilSynced(AbortSignal.timeout(10_000));
    expect(cache.problem()).toBeUndefined();
    expect(cache.closedNamespaces()).toEqual(['gone']);
    expect([cache.sees('here'), cache.sees('gone')]).toEqual([true, false]);
    rights.isForbidden = () => false;
    await eventually(async () => expect(cache.sees('gone')).toBe(true), 10_000);
    expect(cache.closedNamespaces()).toEqual([]);
  });

  test('one of which a part may not be seen is waited for: it would be taken for empty', async () => {
    const { cache, rights } = watching((path) => path.endsWith('/gone/pods'));
    await eventually(async () => expect(cache.problem()).toBe('not listed yet: pods in gone'));
    await expect(cache.untilSynced(AbortSignal.timeout(300))).rejects.toThrow();
    expect(cache.sees('gone')).toBe(false);
    rights.isForbidden = () => false;
    await cache.untilSynced(AbortSignal.timeout(10_000));
    expect(cache.sees('gone')).toBe(true);
  });

  test('where all of them are closed there is nothing to be ready for', async () => {
    const { cache } = watching(() => true);
    await eventually(async () => expect(cache.problem()).toBe('every watched namespace is closed'));
    await expect(cache.untilSynced(AbortSignal.timeout(300))).rejects.toThrow();
  });
});
