import { expect, test } from '@jest/globals';
import { ObjectCache } from '../kubernetes/cache.ts';
import type { LiveObject, Pod } from '../kubernetes/objects.ts';
import { clusterWith } from '../testing/sample-clusters.ts';
import { observeObjects } from './observe.ts';
import { watchedKinds } from './watched-kinds.ts';

const NOW_MS = Date.parse('2026-01-01T12:00:00Z');
const LONG_AGO = '2026-01-01T11:00:00Z';
const READY = { type: 'Ready', status: 'True' as const };
const SILENT = { type: 'Ready', status: 'False' as const, lastTransitionTime: LONG_AGO };

function cacheWith(...objects: LiveObject[]): ObjectCache {
  const never = async () => {
    throw new Error('not watched here');
  };
  const options = {
    kinds: watchedKinds([]),
    namespaces: [],
    now: () => 0,
    random: () => 0,
    onProblem: () => undefined,
  };
  const cache = new ObjectCache({ send: never, stream: never }, options);
  for (const object of objects) cache.store(object.kind).put(object);
  return cache;
}

const identity = (name: string, namespace: string) => ({ name, namespace, uid: name, resourceVersion: '1' });

function node(name: string, condition: object): LiveObject {
  const status = { conditions: [condition] };
  return { ...{ apiVersion: 'v1', kind: 'Node', metadata: identity(name, '') }, ...{ status } };
}

function podOf(component: string, nodeName: string, ready: typeof READY | typeof SILENT): Pod {
  const labels = { 'app.kubernetes.io/instance': 'acme', 'app.kubernetes.io/component': component };
  const metadata = { ...identity(`acme-${component}-${nodeName}`, 'auth'), labels };
  const status = { phase: 'Running', conditions: [ready] };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName }, status };
}

test('pods that went with their node hold up neither a move of the primary nor hibernation', () => {
  const components = ['pooler-rw', 'auth-api', 'migrations'];
  const cache = cacheWith(
    ...[node('alive', READY), node('lost', SILENT)],
    ...components.flatMap((component) => [podOf(component, 'alive', READY), podOf(component, 'lost', SILENT)]),
  );
  const { objects, pods } = observeObjects(cache, clusterWith({}), NOW_MS);
  expect(pods.poolers.map(({ spec }) => spec.nodeName)).toEqual(['alive']);
  expect(objects.podCounts).toEqual({ 'pooler-rw': 1, 'auth-api': 1, migrations: 1 });
});

test('pods that a node has evicted hold up no rotation of credentials, however long Kubernetes keeps what is left of them', () => {
  const evicted = { ...podOf('pooler-rw', 'full', SILENT), status: { phase: 'Failed', reason: 'Evicted' } };
  const cache = cacheWith(
    ...[node('alive', READY), node('full', READY)],
    ...[podOf('pooler-rw', 'alive', READY), evicted],
  );
  const { objects, pods } = observeObjects(cache, clusterWith({}), NOW_MS);
  expect(pods.poolers.map(({ spec }) => spec.nodeName)).toEqual(['alive']);
  expect(objects.podCounts).toEqual({ 'pooler-rw': 1 });
});
