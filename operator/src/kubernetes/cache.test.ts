import { expect, test } from '@jest/globals';
import { eventually } from '../../../dev/eventually.ts';
import { watchedKinds } from '../controller/watched-kinds.ts';
import { FakeApiServer } from '../testing/fake-api-server.ts';
import { ObjectCache } from './cache.ts';
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
